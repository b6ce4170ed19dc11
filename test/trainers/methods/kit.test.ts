import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { unconfined } from "../../../harness/contract/isolation.js";
import type { TrainerDefinition } from "../../../harness/contract/trainer.js";
import { describeProgram, hostProgram } from "../../../harness/plugins/process-trainer.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { newDirectory } from "../../files.js";
import { abc, learnAll } from "./rig.js";

/** A file outside the checkout, from where nothing is installed. */
const file = join(newDirectory(), "kit-methods.mjs");
copyFileSync(join(packageRoot, "test", "fixtures", "plugins", "kit-methods.mjs"), file);
/** As built: a child process imports it too. */
const trainers = pathToFileURL(join(packageRoot, "dist", "trainers", "index.js")).href;
const registry = await loadRegistry([trainers, file]);

/** What two tasks end with; interrupted, one of outside learns each in a process of its own. */
async function outcome(name: string, options: Record<string, unknown>, interrupted = false) {
  const trainer = registry.trainer(name);
  const built: TrainerDefinition = {
    ...trainer,
    create: (context) => trainer.create({ ...context, engine: { ...context.engine!, module: trainers } }),
  };
  const { learner, reports, buffer } = await learnAll(built, options, { interrupted, tasks: abc.slice(0, 2) });
  const found = {
    answers: await learner.answerDigest!(),
    cost: await learner.cost(),
    curves: reports.map(({ curve }) => curve),
    buffer: buffer.items(),
  };
  await learner.release();
  return found;
}

const sequential = outcome("sequential", {});

// What anchored saves is restored in another process; rehearse keeps its past in the buffer, which has its own tests.
test.each<[string, string, Record<string, unknown>, boolean]>([
  ["rehearse", "replay", { share: 0.5, newRatio: { from: 0.3, to: 0.6 } }, false],
  ["anchored", "ewc", { lambda: 20, items: 8 }, true],
])(
  "%s, a method from outside, learns to the bit what the built-in %s learns",
  async (outside, inside, options, interrupted) => {
    const found = await outcome(outside, options, interrupted);
    expect(found).toEqual(await outcome(inside, options));
    expect(found).not.toEqual(await sequential);
  },
);

test("external methods join a composition by name, together with built-in ones", async () => {
  const options = (replay: string, ewc: string) => ({ use: [replay, "lora", ewc], [ewc]: { lambda: 20, items: 8 } });
  const found = await outcome("composed", options("rehearse", "anchored"));
  expect(found).toEqual(await outcome("composed", options("replay", "ewc")));
});

test("two methods that need the same thing are a contradiction, wherever they come from", () => {
  const needs = () => registry.trainer("composed").needs({ use: ["replay", "rehearse"] });
  expect(needs).toThrow('"replay" and "rehearse" do not compose: the rehearsal buffer has one content');
});

test("a trainer's origin is that of its method, and its code is that of all its methods", () => {
  expect(registry.trainersOf(file)).toEqual(["rehearse", "anchored"]);
  expect(registry.sourcesOf("composed", { use: ["replay", "lora"] })).toEqual([trainers]);
  expect(registry.sourcesOf("composed", { use: ["replay", "anchored"] })).toEqual([trainers, file]);
});

test("a method in TypeScript runs as it is", async () => {
  const typed = join(newDirectory(), "typed.ts");
  writeFileSync(
    typed,
    `import { defineMethod, type Plugin, type Strategy } from "trace-bench/kit";
    const strategy = (): Strategy => ({});
    const method = { name: "typed", summary: "s", source: "s", version: 1, options: {}, strategy };
    export const plugin: Plugin = { methods: [defineMethod(method)] };`,
  );
  const served = await describeProgram(hostProgram([typed, fileURLToPath(trainers)]), unconfined);
  expect(served.map(({ name }) => name)).toContain("typed");
});

/** Loads a method that differs from a right one in one member, as a module from outside or as if it were built in. */
const load = async (member: string, outside: boolean) => {
  const wrong = join(newDirectory(), "wrong.mjs");
  const method = `{ name: "wrong", summary: "s", source: "s", version: 1, options: {}, strategy: () => ({}), ${member} }`;
  writeFileSync(
    wrong,
    `import { defineMethod } from "trace-bench/kit";\nexport const plugin = { methods: [defineMethod(${method})] };`,
  );
  const found = await loadRegistry([trainers, outside ? wrong : pathToFileURL(wrong).href]);
  const trainer = found.trainer("wrong");
  return trainer.needs(checkOptions(trainer.options, {}, "wrong"));
};

// What is checked of every method alike needs no process in which a module from outside is tried first.
test.each([
  [false, "strategy: () => ({ aftertask: () => {} })", 'has the unknown hook "aftertask"', "afterTask"],
  [false, "defaults: { learningrate: 1 }", 'unknown option "learningrate"', "learningRate"],
  [true, "space: { mas: { values: [1] } }, options: { mask: { type: 'number' } }", 'the unknown option "mas"', "mask"],
  [false, "need: () => ({})", 'unknown key "need"', "needs"],
  [false, "options: { mask: { type: 'numbre' } }", "are no JSON schema", "draft-07"],
])("from outside %s: %s is refused before anything runs", async (outside, member, message, fix) => {
  await expect(load(member, outside)).rejects.toMatchObject({
    code: "PLUGIN_INVALID",
    message: expect.stringContaining(message),
    fix: expect.stringContaining(fix),
  });
});
