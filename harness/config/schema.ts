import type { Static } from "typebox";
import { isolationPolicies } from "../contract/isolation.js";
import { mapOf, nullable } from "../contract/options.js";
import { Type } from "../contract/type.js";
import { limits } from "./limits.js";
import { trainingProfile } from "./profile.js";

const text = Type.String({ minLength: 1 });
const amount = Type.Number({ exclusiveMinimum: 0 });
const count = { minimum: 1 };
const closed = { additionalProperties: false };

/** Options as they are written, before whoever declares them checks them. */
const anyOptions = Type.Optional(mapOf(Type.Unknown()));

const thresholds = Type.Object(
  {
    warning: Type.Optional(nullable(Type.Number({ minimum: 0 }))),
    critical: Type.Optional(nullable(Type.Number({ minimum: 0 }))),
  },
  closed,
);

/** The section `alerts`; what it leaves out is as in `defaultAlerts`. */
const alerts = Type.Object(
  {
    task: Type.Optional(thresholds),
    ability: Type.Optional(thresholds),
    safety: Type.Optional(thresholds),
    cost: Type.Optional(thresholds),
    noise: Type.Optional(nullable(Type.Number({ exclusiveMinimum: 0, maximum: 1 }))),
    budget: Type.Optional(
      Type.Object(
        {
          seconds: Type.Optional(amount),
          trainedTokens: Type.Optional(amount),
          generatedTokens: Type.Optional(amount),
          flops: Type.Optional(amount),
        },
        closed,
      ),
    ),
    failOn: Type.Optional(Type.Enum(["warning", "critical", "never"])),
    webhook: Type.Optional(
      Type.Object(
        {
          url: text,
          secretVariable: Type.Optional(text),
          timeoutSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 300 })),
          retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 20 })),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** The section `gate`: what a candidate is compared with, and how much worse it may be. */
const gate = Type.Object(
  {
    baseline: Type.Optional(
      Type.String({ minLength: 1, description: "Name of a baseline, or name@version; `main` without it." }),
    ),
    directory: Type.Optional(Type.String({ minLength: 1, description: "Of the baselines, relative to the file." })),
    trainer: Type.Optional(text),
    margins: mapOf(Type.Number({ minimum: 0 }), {
      minProperties: 1,
      description:
        "Metric key, `task:<id>`, `probe:<id>` or a kind of probe (general, instruction, safety, unseen): how much worse is still accepted, in the metric's unit.",
    }),
    worstFall: Type.Optional(
      mapOf(Type.Number({ exclusiveMinimum: 0 }), {
        minProperties: 1,
        description: "The same keys: the deepest that one task order can fall; the metric is then judged by betting.",
      }),
    ),
    maxOrders: Type.Optional(
      Type.Integer({
        minimum: 3,
        maximum: limits.orders,
        description:
          "Most task orders that anyone will look at: by then the error of 5% is spent, and `--extend` stops.",
      }),
    ),
  },
  closed,
);

/** The section `remote`: how cells are carried out elsewhere. */
const remote = Type.Object(
  {
    store: Type.Optional(
      Type.String({ minLength: 1, description: "What all machines see: a directory, or s3://bucket/prefix." }),
    ),
    command: Type.Optional(
      Type.Array(text, {
        minItems: 1,
        description: "What starts bench there; the paths of Node and bench here without it.",
      }),
    ),
    cpus: Type.Optional(Type.Integer({ ...count, maximum: limits.threads })),
    gpus: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 })),
    memory: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "Of a cell, in GB." })),
    timeout: Type.Optional(Type.Integer({ minimum: 1, description: "Of one attempt at a cell, in seconds." })),
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    options: anyOptions,
  },
  closed,
);

const price = Type.Object(
  { perHour: amount, currency: Type.Optional(Type.String({ minLength: 1, maxLength: 16 })) },
  closed,
);

const trainer = Type.Object(
  {
    name: text,
    label: Type.Optional(text),
    options: anyOptions,
    ...trainingProfile,
  },
  closed,
);

/** The schema of a configuration file; published as `harness/contract/schemas/config.schema.json`. */
export const configSchema = Type.Object(
  {
    suite: Type.Optional(
      Type.Union([text, Type.Object({ name: text, location: Type.Optional(text), options: anyOptions }, closed)], {
        description: "a suite's name, or { name, location, options }",
      }),
    ),
    model: Type.Optional(text),
    trainers: Type.Optional(
      Type.Array(Type.Union([text, trainer], { description: "a trainer's name, or { name, label, options }" }), {
        minItems: 1,
      }),
    ),
    seeds: Type.Optional(
      Type.Union(
        [
          Type.Integer({ ...count, maximum: limits.seeds }),
          Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: limits.seeds, uniqueItems: true }),
        ],
        {
          description:
            "how many seeds each task order has, all different; or a list of different whole numbers, the same in every order",
        },
      ),
    ),
    orders: Type.Optional(Type.Integer({ ...count, maximum: limits.orders })),
    workers: Type.Optional(Type.Integer({ ...count, maximum: limits.workers })),
    threads: Type.Optional(Type.Integer({ ...count, maximum: limits.threads })),
    device: Type.Optional(text),
    devicesPerCell: Type.Optional(Type.Integer({ ...count, maximum: limits.devicesPerCell })),
    engine: Type.Optional(text),
    dtype: Type.Optional(Type.Enum(["float32", "bfloat16"])),
    python: Type.Optional(text),
    imageFeatures: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    quick: Type.Optional(Type.Boolean()),
    strict: Type.Optional(Type.Boolean()),
    out: Type.Optional(text),
    keepCheckpoints: Type.Optional(Type.Enum(["last", "all", "none"])),
    fromCheckpoint: Type.Optional(text),
    evaluateEvery: Type.Optional(Type.Integer({ ...count, maximum: limits.evaluateEvery })),
    evaluateItems: Type.Optional(Type.Integer({ ...count, maximum: limits.evaluateItems })),
    metrics: Type.Optional(
      Type.Array(text, {
        minItems: 1,
        uniqueItems: true,
        description: "keys of the metrics that are the columns of the leaderboard",
      }),
    ),
    reporters: Type.Optional(
      Type.Array(text, { uniqueItems: true, description: "names of the reporters that render and follow the run" }),
    ),
    plugins: Type.Optional(Type.Array(text)),
    chat: Type.Optional(Type.Enum(["auto", "never"])),
    isolate: Type.Optional(Type.Enum([...isolationPolicies])),
    alerts: Type.Optional(Type.Union([alerts, Type.Literal(false)])),
    gate: Type.Optional(gate),
    on: Type.Optional(
      Type.String({ minLength: 1, description: "local, or an engine that carries out the cells, or its address" }),
    ),
    remote: Type.Optional(remote),
    price: Type.Optional(price),
    ...trainingProfile,
  },
  {
    ...closed,
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "config.schema.json",
    title: "Configuration of a run",
  },
);

export type ConfigFileContent = Static<typeof configSchema>;
export type AlertSection = Static<typeof alerts>;
export type GateSection = Static<typeof gate>;
export type TrainerEntry = Static<typeof trainer>;
