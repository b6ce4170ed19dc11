import { ownSchemas } from "../config/schema-error.js";
import { readYamlFile } from "../config/yaml-file.js";
import { BenchError } from "../contract/errors.js";
import { packages } from "../contract/packages.js";
import type { RolloutPolicy } from "../contract/rollout.js";

const metric = {
  type: "object",
  required: ["margin"],
  additionalProperties: false,
  properties: {
    margin: { type: "number", minimum: 0 },
    range: { type: "array", items: { type: "number" }, minItems: 2, maxItems: 2, default: [0, 1] },
    lowerIsBetter: { type: "boolean", default: false },
    critical: { type: "boolean", default: false },
  },
};

const schema = {
  type: "object",
  required: ["metrics"],
  additionalProperties: false,
  properties: {
    steps: {
      type: "array",
      items: { type: "number", exclusiveMinimum: 0, maximum: 100 },
      minItems: 1,
      maxItems: 100,
      default: [5, 10, 25, 50],
    },
    minimum: { type: "integer", minimum: 1, maximum: 1e9, default: 200 },
    patience: { type: "integer", minimum: 1, maximum: 1e9, default: 20_000 },
    alpha: { type: "number", exclusiveMinimum: 0, maximum: 0.5, default: 0.05 },
    metrics: {
      type: "object",
      minProperties: 1,
      maxProperties: 100,
      propertyNames: { pattern: "^[A-Za-z][A-Za-z0-9._-]{0,99}$" },
      additionalProperties: metric,
    },
  },
};

/**
 * Reads the policy of a rollout from a file of YAML or JSON.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and the fix: for steps that do not ascend, an empty range, and a
 *   margin that is not smaller than its range.
 */
export function readPolicy(file: string): RolloutPolicy {
  const ajv = new packages.ajv.Ajv({ ...ownSchemas, useDefaults: true });
  const { content, locate } = readYamlFile(file, ajv.compile<RolloutPolicy>(schema), {
    what: "the policy",
    absent: "Check the path. A policy is, at least, `metrics: { resolved: { margin: 0.02 } }`.",
  });
  const refuse = (message: string, fix: string, path: (string | number)[]) => {
    throw new BenchError("CONFIG_INVALID", message, { fix, at: locate(path) });
  };
  if (content.steps.some((step, index) => index > 0 && step <= content.steps[index - 1]!)) {
    refuse("the steps do not ascend", "Give percentages such as [5, 10, 25, 50].", ["steps"]);
  }
  for (const [name, { range, margin }] of Object.entries(content.metrics)) {
    const [least, greatest] = range;
    if (!(least < greatest))
      refuse(`the range of ${name} is empty`, "Give [least, greatest].", ["metrics", name, "range"]);
    if (margin >= greatest - least) {
      refuse(`the margin of ${name} is as wide as its range`, "Give a smaller one.", ["metrics", name, "margin"]);
    }
  }
  return content;
}
