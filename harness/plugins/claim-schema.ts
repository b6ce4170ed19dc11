import { BenchError } from "../contract/errors.js";
import { armsOf, type Claim } from "../contract/results/claim.js";

const text = { type: "string", minLength: 1, maxLength: 500 };
const name = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]*$", maxLength: 80 };

/** JSON schema of a claim that a plug-in brings. */
export const claimSchema = {
  type: "object",
  required: ["id", "statement", "source", "arms", "hypotheses"],
  additionalProperties: false,
  properties: {
    id: name,
    statement: text,
    source: text,
    arms: {
      type: "object",
      minProperties: 1,
      propertyNames: name,
      additionalProperties: {
        type: "object",
        required: ["trainer"],
        additionalProperties: false,
        properties: {
          trainer: name,
          options: { type: "object" },
          scaled: { type: "object", additionalProperties: { type: "number" } },
        },
      },
    },
    hypotheses: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["metric", "contrast", "direction", "threshold"],
        additionalProperties: false,
        properties: {
          metric: name,
          contrast: { type: "object", minProperties: 1, additionalProperties: { type: "number" } },
          direction: { enum: ["above", "below"] },
          threshold: { type: "number" },
        },
      },
    },
    suites: { type: "array", minItems: 1, items: name },
    alpha: { type: "number", exclusiveMinimum: 0, maximum: 0.5 },
  },
};

/** Checks what the schema cannot: a contrast names arms of its claim, and every arm is compared. Throws PLUGIN_INVALID. */
export function checkClaim(claim: Claim, file: string): void {
  const { id, arms } = claim;
  const compared = armsOf(claim);
  const known = Object.keys(arms);
  const complain = (message: string, fix: string): never => {
    throw new BenchError("PLUGIN_INVALID", `claim "${id}": ${message}`, { fix, at: { file } });
  };
  for (const arm of compared) {
    if (!Object.hasOwn(arms, arm)) complain(`a contrast names the arm "${arm}"`, `Its arms are: ${known.join(", ")}.`);
  }
  const idle = known.find((arm) => !compared.includes(arm));
  if (idle !== undefined) complain(`no contrast names the arm "${idle}"`, "Remove it, or compare it.");
}
