import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, expect, test } from "vitest";
import { buildProgram } from "../../../harness/cli/main.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { newDirectory } from "../../files.js";
import { bench, words, wordsModel } from "./support.js";

const directory = newDirectory();
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, code: { optimize: false } });
const schemas = join(packageRoot, "harness", "contract", "schemas");
for (const file of readdirSync(schemas)) ajv.addSchema(JSON.parse(readFileSync(join(schemas, file), "utf8")));
const { definitions } = JSON.parse(readFileSync(join(schemas, "outputs.schema.json"), "utf8"));

const builtIn = [words, join(directory, "further.mjs")];

/** Checks what a verb prints by the definition of its name. */
async function follows(definition: string, given: readonly string[], code = 0): Promise<void> {
  const spoken = await bench([...given, "--json"], directory, {}, builtIn);
  expect(spoken.code, `${spoken.stderr}${spoken.stdout}`).toBe(code);
  const validate = ajv.getSchema(`outputs.schema.json#/definitions/${encodeURIComponent(definition)}`)!;
  expect(validate(JSON.parse(spoken.stdout)), `${definition}: ${JSON.stringify(validate.errors)}`).toBe(true);
}

/** A claim about the trainers of the fixture, and an engine that is installed without a network. */
const further = `
const hypothesis = { metric: "op", contrast: { replay: 1, frozen: -1 }, direction: "above", threshold: 0 };
const arms = { replay: { trainer: "memory-replay" }, frozen: { trainer: "memory-frozen" } };
export const plugin = {
  claims: [{ id: "replay-learns", statement: "replay learns", source: "a test", arms, hypotheses: [hypothesis] }],
  engines: [{
    name: "fetched", version: "1", numerics: "fetched@1",
    probe: async () => [{ device: "cpu", available: true, detail: "it is there" }],
    open: async () => { throw new Error("it opens nothing"); },
    install: async () => "fetched 1",
  }],
};
`;

const two = ["memory-replay,memory-frozen", "--orders", "2"];
const frozen = ["--trainer", "memory-frozen", "--quick"];
const claims = ["words", "--only", "replay-learns", "--orders", "3", "--seeds", "1"];
const tune = ["words", "--candidates", "2", "--seeds", "1", "--tasks", "2"];
const why = ["--reason", "a test"];

beforeAll(() => {
  cpSync(wordsModel, join(directory, "checkpoints", "step-1"), { recursive: true });
  cpSync(wordsModel, join(directory, "other"), { recursive: true });
  writeFileSync(
    join(directory, "other", "weights.json"),
    readFileSync(join(wordsModel, "weights.json"), "utf8").replace("[", "[ "),
  );
  writeFileSync(join(directory, "matrix.csv"), "0.1,0.2\n0.9,0.3\n0.4,0.8\n");
  writeFileSync(join(directory, "further.mjs"), further);
  writeFileSync(
    join(directory, "policy.yaml"),
    "steps: [50, 100]\nminimum: 1\nmetrics: { resolved: { margin: 0.1 } }\n",
  );
  const observation = (arm: string) => JSON.stringify({ arm, metric: "resolved", value: 1 });
  writeFileSync(join(directory, "seen.jsonl"), ["candidate", "champion"].map(observation).join("\n"));
});

/** What is printed for these words, in this order; the last is the exit code where it is not 0. */
const printed: readonly [definition: string, given: readonly string[], code?: number][] = [
  ["run --dry-run", ["run", "words", "--trainers", ...two, "--dry-run"]],
  ["run", ["run", "words", "--trainers", ...two, "--out", "runs/r"]],
  ["evaluate", ["evaluate", wordsModel, "words", ...frozen, "--out", "runs/e"]],
  ["error", ["list", "nothing"], 2],
  ["list", ["list"]],
  ["list", ["list", "metrics"]],
  ["show", ["show", "trace-seq"]],
  ["show", ["show", "protocol"]],
  ["doctor", ["doctor"]],
  ["metrics", ["metrics", "matrix.csv"]],
  ["init", ["init", "made.yaml"]],
  ["init suite", ["init", "suite", "."]],
  ["new trainer", ["new", "trainer", "my-method.mjs"]],
  ["new suite", ["new", "suite", "my-suite.mjs"]],
  ["new scorer", ["new", "scorer", "my-scorer.mjs"]],
  ["new metric", ["new", "metric", "my-metric.mjs"]],
  ["validate", ["validate", "runs/r"]],
  ["completion", ["completion", "bash"]],
  ["engine install", ["engine", "install", "fetched"]],
  ["report", ["report", "runs/r"]],
  ["export", ["export", "runs/r"]],
  ["compare", ["compare", "runs/r:memory-frozen", "runs/r:memory-replay"]],
  ["gate --plan", ["gate", "runs/e", "--plan", "--margin", "op=0.1"]],
  ["gate bless", ["gate", "bless", "runs/r:memory-replay", ...why]],
  ["gate acknowledge", ["gate", "acknowledge", "op", "--margin", "0.1", ...why, "--until", "2099-01-01"]],
  ["history", ["history", "runs/e"]],
  ["leaderboard", ["leaderboard", "runs/r", "--out", "board"]],
  ["claims --list", ["claims", "--list"]],
  ["claims --dry-run", ["claims", ...claims, "--dry-run"]],
  ["claims", ["claims", ...claims, "--out", "runs/c"]],
  ["claims --run", ["claims", "--run", "runs/c", "--only", "replay-learns"]],
  ["tune --dry-run", ["tune", "memory-replay", ...tune, "--dry-run"]],
  ["tune", ["tune", "memory-replay", ...tune]],
  ["tune --all --dry-run", ["tune", "--all", ...tune, "--only", "memory-replay", "--order", "published", "--dry-run"]],
  ["tune --all", ["tune", "--all", ...tune, "--only", "memory-replay", "--order", "published"]],
  ["registry add", ["registry", "add", "m", wordsModel, ...why]],
  ["registry add", ["registry", "add", "m", "other", "--parent", "m@1"]],
  ["registry attach", ["registry", "attach", "m@1", "runs/e"]],
  ["registry alias", ["registry", "alias", "m@1", "champion", "--reason", "best"]],
  ["registry list", ["registry", "list"]],
  ["registry show", ["registry", "show", "m@champion"]],
  ["registry path", ["registry", "path", "m@1"]],
  ["registry diff", ["registry", "diff", "m@1", "m@2"]],
  ["registry verify", ["registry", "verify"]],
  ["rollout start", ["rollout", "start", "m@2", "--policy", "policy.yaml"]],
  ["rollout status", ["rollout", "status", "m"]],
  ["rollout arm", ["rollout", "arm", "m", "user-1"]],
  ["rollout pause", ["rollout", "pause", "m", ...why]],
  ["rollout resume", ["rollout", "resume", "m", ...why]],
  ["rollout record", ["rollout", "record", "m", "seen.jsonl"]],
  ["rollout advance", ["rollout", "advance", "m"]],
  ["rollout rollback", ["rollout", "rollback", "m", ...why]],
  ["rollout start", ["rollout", "start", "m@2", "--policy", "policy.yaml"]],
  ["rollout abort", ["rollout", "abort", "m", ...why]],
  ["registry gc --dry-run", ["registry", "gc", "--keep", "1", "--dry-run"]],
  ["registry gc", ["registry", "gc", "--keep", "1", ...why]],
  [
    "watch",
    [
      "watch",
      "checkpoints",
      "words",
      ...frozen,
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
];

test.each(printed)("%s prints what its published schema says: %j", follows);

test("each verb with --json has a published schema, and each schema is checked by real output", () => {
  const program = buildProgram({
    builtIns: [],
    execute: noRun,
    color: false,
    width: 100,
    print: () => {},
    stderr: process.stderr,
  });
  const shaping = ["--dry-run", "--plan"];
  const needed = program.commands
    .flatMap((verb) => [verb, ...verb.commands])
    .flatMap((verb) => {
      const flags = verb.options.map(({ long }) => long!);
      const name = verb.parent === program ? verb.name() : `${verb.parent!.name()} ${verb.name()}`;
      return flags.includes("--json")
        ? [name, ...flags.filter((flag) => shaping.includes(flag)).map((flag) => `${name} ${flag}`)]
        : [];
    });
  expect(needed.length).toBeGreaterThan(40);
  expect(needed.filter((name) => !(name in definitions))).toEqual([]);
  const elsewhere = ["serve", "dashboard"]; // which do not end by themselves: ../serve, ../dashboard
  const checked = new Set([...printed.map(([definition]) => definition), ...elsewhere]);
  expect(checked).toEqual(new Set(Object.keys(definitions)));
});

const noRun = () => Promise.reject(new Error("nothing is run"));
