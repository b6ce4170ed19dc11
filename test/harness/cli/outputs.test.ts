import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { newDirectory } from "../../files.js";
import { bench, words } from "./support.js";

const directory = newDirectory();
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const schemas = join(packageRoot, "harness", "contract", "schemas");
const read = (name: string) => JSON.parse(readFileSync(join(schemas, `${name}.schema.json`), "utf8"));
ajv.addSchema(read("outputs"));
/** Verbs whose output has a file of its own. */
const own: Record<string, string> = { run: "leaderboard", gate: "gate" };

/** Checks what a verb prints by the definition of its name. */
async function follows(definition: string, given: string[], code = 0): Promise<void> {
  const spoken = await bench([...given, "--json"], directory);
  expect(spoken.code, spoken.stderr).toBe(code);
  const validate =
    own[definition] === undefined
      ? ajv.getSchema(`bench/outputs.schema.json#/definitions/${encodeURIComponent(definition)}`)!
      : ajv.compile({ ...read(own[definition]), $id: undefined });
  expect(validate(JSON.parse(spoken.stdout)), `${definition}: ${JSON.stringify(validate.errors)}`).toBe(true);
}

const plugin = ["--plugin", words];
const model = join(packageRoot, "test", "harness", "run", "fixtures", "model");

beforeAll(async () => {
  cpSync(model, join(directory, "checkpoints", "step-1"), { recursive: true });
  writeFileSync(join(directory, "matrix.csv"), "0.1,0.2\n0.9,0.3\n0.4,0.8\n");
  const trainers = [
    "words",
    ...plugin,
    "--trainers",
    "memory-replay,memory-frozen",
    "--orders",
    "2",
    "--out",
    "runs/r",
  ];
  await follows("run --dry-run", ["run", ...trainers, "--dry-run"]);
  await follows("run", ["run", ...trainers]);
  await follows("evaluate", [
    "evaluate",
    model,
    "words",
    ...plugin,
    "--trainer",
    "memory-frozen",
    "--quick",
    "--out",
    "runs/e",
  ]);
});

test.each<[string, string[], number?]>([
  ["error", ["list", "nothing"], 2],
  ["list", ["list"]],
  ["show", ["show", "trace-seq"]],
  ["show", ["show", "protocol"]],
  ["doctor", ["doctor"]],
  ["metrics", ["metrics", "matrix.csv"]],
  ["init", ["init", "made.yaml"]],
  ["init suite", ["init", "suite", "."]],
  ["new", ["new", "metric", "my-metric.mjs"]],
  ["validate", ["validate", "runs/r"]],
  ["completion", ["completion", "bash"]],
  ["report", ["report", "runs/r"]],
  ["export", ["export", "runs/r"]],
  ["compare", ["compare", "runs/r:memory-frozen", "runs/r:memory-replay"]],
  ["gate --plan", ["gate", "runs/e", "--plan", "--margin", "op=0.1"]],
  ["gate bless", ["gate", "bless", "runs/r:memory-replay", "--reason", "first"]],
  ["gate acknowledge", ["gate", "acknowledge", "op", "--margin", "0.1", "--reason", "traded", "--until", "2099-01-01"]],
  ["history", ["history", "runs/e"]],
  ["leaderboard", ["leaderboard", "runs/r", "--out", "board"]],
  ["claims --list", ["claims", "--list"]],
  ["registry add", ["registry", "add", "m", model, ...plugin, "--reason", "first"]],
  ["registry attach", ["registry", "attach", "m@1", "runs/e"]],
  ["registry alias", ["registry", "alias", "m@1", "champion", "--reason", "best"]],
  ["registry show", ["registry", "show", "m@champion"]],
  ["registry path", ["registry", "path", "m@1"]],
  ["registry verify", ["registry", "verify"]],
  ["registry gc", ["registry", "gc", "--reason", "tidy"]],
  [
    "watch",
    [
      "watch",
      "checkpoints",
      "words",
      ...plugin,
      "--trainer",
      "memory-frozen",
      "--quick",
      "--once",
      "--interval",
      "0.2",
      "--against",
      "runs/e",
      "--margin",
      "op=0.1",
    ],
  ],
  ["gate", ["gate", "runs/r:memory-replay", "--margin", "op=0.1"], 3],
])("%s prints what its published schema says: %j", async (definition, given, code) => {
  await follows(definition, given, code);
});
