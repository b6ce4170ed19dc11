import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addVersion } from "../../../../harness/app/registry/add-version.js";
import { collectGarbage, moveAlias } from "../../../../harness/app/registry/aliases.js";
import { compareVersions, verifyVersions } from "../../../../harness/app/registry/evaluations.js";
import { armFor, observe, readRollout, startRollout } from "../../../../harness/app/rollout.js";
import { checkOptions } from "../../../../harness/config/options.js";
import { packageRoot } from "../../../../harness/contract/files.js";
import type { RandomStream } from "../../../../harness/contract/random.js";
import type { Learner, TaskData, TrainerDefinition } from "../../../../harness/contract/trainer.js";
import { ModelRegistry } from "../../../../harness/registry/model-registry.js";
import { modelIn } from "../../../../harness/registry/state.js";
import { MeteredBuffer } from "../../../../harness/run/cell/buffer.js";
import { callPlugin } from "../../../../harness/run/cell/guard.js";
import { rooms } from "../../../../rooms.js";
import { sealDirectory } from "../../../../trainers/memory/sealed.js";
import { memoryTrainers } from "../../../../trainers/memory/trainers.js";
import { filesOf } from "../../../files.js";
import { onnxChoice } from "../../../trainers/engine/onnx-choice.js";
import { qwen2Config, tinyShape, writeTinyModel } from "../../../trainers/model/tiny-model.js";
import { type Kind, outcomeOf, requirePass } from "../kind.js";
import { forgedLog, mutateBytes, mutateJson } from "../mutate.js";

const embedded = join(packageRoot, "suites", "trace-seq", "model");

/** Logs of a registry and of a rollout, the state that other programs read, the policy, and observations. */
export const registries: Kind = {
  name: "registry, rollout",
  share: 8,
  async open(place) {
    const [registry, policy] = [join(place, "registry"), join(place, "policy.yaml")];
    const options = { registry, by: "attack", policy };
    const better = join(place, "better");
    cpSync(embedded, better, { recursive: true });
    writeFileSync(join(better, "README.md"), "better");
    const context = { builtIns: rooms };
    for (const checkpoint of [embedded, better]) await addVersion("m", checkpoint, options, context);
    await moveAlias("m@1", "champion", options);
    writeFileSync(policy, "steps: [10, 50]\nminimum: 5\nmetrics:\n  right: { margin: 0.1, critical: true }\n");
    await startRollout("m@2", options);
    const seen = ["candidate", "champion"].map((arm) => JSON.stringify({ arm, metric: "right", value: 1 }));
    await observe("m", seen, options);
    const outside = readdirSync(place).sort().join();
    const read = async () => {
      const state = new ModelRegistry(registry).read();
      const versions = verifyVersions(registry);
      const difference = compareVersions(registry, "m@1", "m@2");
      const { versions: old } = await collectGarbage({ ...options, keep: 1, dryRun: true });
      const { rollout, percent, decision } = readRollout("m", { registry });
      const arms = ["a", "b", "c"].map((request) => armFor("m", request, { registry }));
      return JSON.stringify([
        modelIn(state, "m"),
        versions.versions,
        difference,
        old,
        rollout,
        percent,
        decision,
        arms,
      ]);
    };
    const original = await read();
    const [log, rollout] = [join(registry, "log.jsonl"), join(registry, "rollouts", "m", "1.jsonl")];
    const changes: ((draw: RandomStream) => ReturnType<typeof outcomeOf>)[] = [
      ...[log, rollout].map((file) => async (draw: RandomStream) => {
        const text = readFileSync(file);
        const isForged = draw.integer(2) === 0;
        const changed = isForged ? Buffer.from(forgedLog(text.toString("utf8"), draw)) : mutateBytes(text, draw);
        writeFileSync(file, changed);
        // A log that ends within a line, or without its last ones, is that of a writer that was killed.
        const isEarlier = changed.at(-1) !== 10 || text.subarray(0, changed.length).equals(changed);
        const expected = isForged || isEarlier ? undefined : original;
        try {
          return await outcomeOf(`a changed ${file}`, read, expected);
        } finally {
          writeFileSync(file, text);
        }
      }),
      async (draw) => {
        const file = join(registry, "state.json");
        const text = readFileSync(file);
        writeFileSync(file, mutateBytes(text, draw));
        try {
          return await outcomeOf(`a changed ${file}`, read, original); // it is made of the log, never read
        } finally {
          writeFileSync(file, text);
        }
      },
      async (draw) => {
        const text = readFileSync(policy);
        writeFileSync(policy, mutateBytes(text, draw));
        const copy = join(place, "copy");
        cpSync(registry, copy, { recursive: true });
        rmSync(join(copy, "rollouts"), { recursive: true });
        try {
          return await outcomeOf("a changed policy", () => startRollout("m@2", { ...options, registry: copy }));
        } finally {
          writeFileSync(policy, text);
          rmSync(copy, { recursive: true });
        }
      },
      async (draw) => {
        const text = readFileSync(rollout);
        const lines = mutateBytes(Buffer.from(seen.join("\n")), draw)
          .toString("utf8")
          .split("\n");
        try {
          return await outcomeOf("changed observations", async () => {
            await observe("m", lines, options);
            await read();
          });
        } finally {
          writeFileSync(rollout, text);
        }
      },
    ];
    return async (draw) => {
      const outcome = await draw.pick(changes)(draw);
      const found = readdirSync(place).sort().join();
      if (found === outside) return outcome;
      return { ending: "undetected", detail: `files outside of the registry: ${found} where there were ${outside}` };
    };
  },
};

/** The stored index of each memory: a changed byte is refused; one that somebody made up is refused, or read. */
export const memoryIndexes: Kind = {
  name: "stored memory",
  share: 4,
  async open(place) {
    const model = writeTinyModel(qwen2Config({ ...tinyShape, layers: 1 }), 7, join(place, "model"));
    const opened = (trainer: TrainerDefinition): Promise<Learner> =>
      trainer.create({
        ...{
          model,
          engine: { ...onnxChoice(model), module: rooms[0]! },
          device: "cpu",
          threads: 1,
          seed: 1,
          tasks: [task.task],
          quick: false,
        },
        options: checkOptions(trainer.options, {}, trainer.name),
      });
    const stored: Record<string, { directory: string; original: string }> = {};
    const restored = async (trainer: TrainerDefinition) => {
      const learner = await opened(trainer);
      try {
        await callPlugin("the trainer's restore", () => learner.restore(stored[trainer.name]!.directory));
        const digest = await learner.answerDigest?.();
        const answers = await callPlugin("the trainer", () => learner.generate(questions, { maxNewTokens: 2 }));
        return JSON.stringify([digest, answers]);
      } finally {
        await learner.release();
      }
    };
    for (const trainer of memoryTrainers) {
      const directory = join(place, trainer.name);
      mkdirSync(directory);
      const learner = await opened(trainer);
      const buffer = new MeteredBuffer(trainer.needs(checkOptions(trainer.options, {}, trainer.name)));
      const view = { index: 0, tasks: [task], pastValidation: [], generalItems: [] };
      await learner.learn(view, { buffer, cancelled: () => false, progress: () => undefined });
      await learner.save(directory);
      await learner.release();
      stored[trainer.name] = { directory, original: "" };
      stored[trainer.name]!.original = await restored(trainer);
      requirePass(await outcomeOf(trainer.name, () => restored(trainer), stored[trainer.name]!.original));
    }
    return async (draw) => {
      const trainer = draw.pick(memoryTrainers);
      const { directory, original } = stored[trainer.name]!;
      const file = join(directory, draw.pick(filesOf(directory)));
      const [seal, bytes] = [readFileSync(join(directory, "memory.json")), readFileSync(file)];
      const isForged = !file.endsWith("memory.json") && draw.integer(2) === 0;
      const asValue = isForged && file.endsWith(".json") && draw.integer(2) === 0;
      const content = asValue ? mutateJson(JSON.parse(bytes.toString("utf8")), draw) : undefined;
      writeFileSync(file, asValue ? `${JSON.stringify(content)}` : mutateBytes(bytes, draw));
      if (isForged) sealDirectory(directory);
      const what = `${trainer.name} with another ${file}`;
      try {
        return await outcomeOf(what, () => restored(trainer), isForged ? undefined : original);
      } finally {
        writeFileSync(file, bytes);
        writeFileSync(join(directory, "memory.json"), seal);
      }
    };
  },
};

const texts = ["Tom lives in Paris.", "Paris is the capital of France.", "Ann is the boss of Tom."];
const task: TaskData = {
  task: { id: "t", title: "t", language: "en", scorer: { name: "exact-match" }, maxNewTokens: 3 },
  ...{ train: [], validation: [] },
  corpus: { add: texts.map((text, index) => ({ id: `d${index}`, text })), change: [], retract: [] },
};
const questions = [{ id: "q", input: [{ type: "text" as const, text: "Where does Tom live?" }] }];
