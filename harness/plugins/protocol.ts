import { spaceSchema } from "../config/space-schema.js";
import { type Modality, modalities } from "../contract/suite.js";
import type { SearchSpace } from "../contract/trainer.js";

/** Name and version of the protocol between the harness and a learner in another process: see protocol.md. */
export const protocolVersion = "bench-learner@2";

/** Versions that a learner may speak. In the first the cost does not come with answers and is asked for after each. */
const protocolVersions = ["bench-learner@1", protocolVersion];

/** Privileges as JSON: where a number is expected, the name of an option may be given instead. */
export interface DeclaredPrivileges {
  pastData:
    | "none"
    | "synthetic"
    | "all"
    | { synthetic: { demonstrations: number | string } }
    | { buffer: number | string; payloadBytes?: number | string };
  generalItems: number | string;
  taskIdAtTest: boolean;
  validationOfPastTasks: boolean;
}

/** What a command says of each of its trainers. */
export interface TrainerDescription {
  name: string;
  summary: string;
  source: string;
  version: number;
  options: Record<string, unknown>;
  space?: SearchSpace;
  schedule: "sequence" | "joint" | "once";
  modalities?: readonly Modality[];
  deterministic: boolean;
  likelihoods: boolean;
  needs: DeclaredPrivileges;
}

const nullable = { type: ["number", "null"], default: null };
const counted = { type: ["integer", "null"], minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: null };
const text = { type: "string", minLength: 1 };
const amount = { anyOf: [{ type: "integer", minimum: 0 }, text], description: "a whole number or an option's name" };

const cost = {
  type: "object",
  properties: {
    trainedTokens: counted,
    generatedTokens: counted,
    flops: { ...nullable, minimum: 0 },
    trainableParameters: counted,
    addedParameters: counted,
    tensorBytes: counted,
  },
} as const;
const generation = {
  type: "object",
  required: ["text", "tokens"],
  properties: {
    text: { type: "string" },
    tokens: { type: "integer", minimum: 0 },
    finishReason: { enum: ["end", "length", "stop"], default: "end" },
    evidence: { type: "array", items: { type: "string" } },
    retrieved: { type: "array", items: { type: "string" } },
  },
} as const;

/** A list of answers with the learner's cost, `{ <name>, cost }`, or in the first version the list alone. */
const withCost = <Items>(name: string, items: Items) => ({
  type: ["array", "object"],
  items,
  required: [name, "cost"],
  properties: { [name]: { type: "array", items }, cost },
});

/** JSON schema of each result that a learner answers with; what is optional has a default. */
export const resultSchemas = {
  /** Asked of the host of modules alone: whether they can be loaded. */
  load: {},
  describe: {
    type: "object",
    required: ["protocol", "trainers"],
    properties: {
      protocol: { enum: protocolVersions },
      trainers: {
        type: "array",
        items: {
          type: "object",
          required: ["name", "summary", "version"],
          additionalProperties: false,
          properties: {
            name: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]*$" },
            summary: text,
            source: { ...text, default: "third party" },
            version: { type: "integer", minimum: 0 },
            options: { type: "object", default: {} },
            space: spaceSchema,
            schedule: { enum: ["sequence", "joint", "once"], default: "sequence" },
            modalities: { type: "array", items: { enum: modalities } },
            deterministic: { type: "boolean", default: false },
            likelihoods: { type: "boolean", default: true },
            needs: {
              type: "object",
              additionalProperties: false,
              default: {},
              properties: {
                pastData: {
                  anyOf: [
                    { enum: ["none", "synthetic", "all"] },
                    {
                      type: "object",
                      required: ["buffer"],
                      additionalProperties: false,
                      properties: { buffer: amount, payloadBytes: amount },
                    },
                    {
                      type: "object",
                      required: ["synthetic"],
                      additionalProperties: false,
                      properties: {
                        synthetic: {
                          type: "object",
                          required: ["demonstrations"],
                          additionalProperties: false,
                          properties: { demonstrations: amount },
                        },
                      },
                    },
                  ],
                  description:
                    "none, synthetic, { synthetic: { demonstrations: items a task } }, { buffer: number of samples, payloadBytes? }, or all",
                  default: "none",
                },
                generalItems: { ...amount, default: 0 },
                taskIdAtTest: { type: "boolean", default: false },
                validationOfPastTasks: { type: "boolean", default: false },
              },
            },
          },
        },
      },
    },
  },
  create: {
    type: ["object", "null"],
    properties: { answerDigest: { type: "boolean" }, cost },
  },
  learn: {
    type: "object",
    required: ["steps"],
    properties: {
      steps: { type: "integer", minimum: 0 },
      finalLoss: nullable,
      curve: {
        type: "array",
        maxItems: 200,
        default: [],
        items: {
          type: "object",
          required: ["step", "loss", "learningRate"],
          properties: { step: { type: "number" }, loss: { type: "number" }, learningRate: { type: "number" } },
        },
      },
      notes: { type: "object", default: {}, additionalProperties: { type: ["number", "string"] } },
      synthetic: { type: "array" },
      cost,
    },
  },
  generate: withCost("answers", generation),
  score: withCost("scores", { type: "number" }),
  save: {},
  restore: { type: ["object", "array", "string", "number", "boolean", "null"], properties: { cost } },
  cost,
  answerDigest: text,
  release: {},
} as const;

export type ProtocolMethod = keyof typeof resultSchemas;
