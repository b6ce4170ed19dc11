import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addVersion } from "../../../../harness/app/registry/add-version.js";
import { collectGarbage, moveAlias } from "../../../../harness/app/registry/aliases.js";
import { compareVersions, verifyVersions } from "../../../../harness/app/registry/evaluations.js";
import { armFor, observe, readRollout, startRollout } from "../../../../harness/app/rollout.js";
import { checkOptions } from "../../../../harness/config/options.js";
import type { RandomStream } from "../../../../harness/contract/random.js";
import type { Learner, TaskData, TrainerDefinition } from "../../../../harness/contract/trainer.js";
import { ModelRegistry } from "../../../../harness/registry/model-registry.js";
import { modelIn } from "../../../../harness/registry/state.js";
import { MeteredBuffer } from "../../../../harness/run/cell/buffer.js";
import { callPlugin } from "../../../../harness/run/cell/guard.js";
import { rooms } from "../../../../rooms.js";
import { sealDirectory } from "../../../../trainers/memory/sealed.js";
import { memoryTrainers } from "../../../../trainers/memory/trainers.js";
import { embeddedModel, filesOf } from "../../../files.js";
import { onnxChoice } from "../../../trainers/engine/onnx-choice.js";
import { qwen2Config, tinyShape, writeTinyModel } from "../../../trainers/model/tiny-model.js";
import { type Attack, type Kind, outcomeOf, requirePass, restoring } from "../kind.js";
import { forgedLog, mutateBytes, mutateJson } from "../mutate.js";

/** Logs of a registry and of a rollout, the state that other programs read, the policy, and observations. */
export const registries: Kind = {
  name: "registry, rollout",
  share: 8,
  async open(place) {
    const [registry, policy] = [join(place, "registry"), join(place, "policy.yaml")];
    const options = { registry, by: "attack", policy };
    const better = join(place, "better");
    cpSync(embeddedModel, better, { recursive: true });
    writeFileSync(join(better, "README.md"), "better");
    const context = { builtIns: rooms };
    for (const checkpoint of [embeddedModel, better]) await addVersion("m", checkpoint, options, context);
    await moveAlias("m@1", "champion", options);
    writeFileSync(policy, "steps: [10, 50]\nminimum: 5\nmetrics:\n  right: { margin: 0.1, critical: true }\n");
    await startRollout("m@2", options);
    const seen = ["candidate", "champion"].map((arm) => JSON.stringify({ arm, metric: "right", value: 1 }));
    await observe("m", seen, options);
    const outside = readdirSync(place).sort().join();
    const read = async () => {
      const state = new ModelRegistry(registry).read();
      const versions = await verifyVersions({ registry });
      const difference = await compareVersions({ registry }, "m@1", "m@2");
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
    const changes: Attack[] = [
      ...[log, rollout].map(
        (file) => (draw: RandomStream) =>
          restoring(file, (text) => {
            const isForged = draw.integer(2) === 0;
            const changed = isForged ? Buffer.from(forgedLog(text.toString("utf8"), draw)) : mutateBytes(text, draw);
            writeFileSync(file, changed);
            // A log that ends within a line, or without its last ones, is that of a writer that was killed.
            const isEarlier = changed.at(-1) !== 10 || text.subarray(0, changed.length).equals(changed);
            return outcomeOf(`a changed ${file}`, read, isForged || isEarlier ? undefined : original);
          }),
      ),
      (draw) => {
        const file = join(registry, "state.json");
        return restoring(file, (text) => {
          writeFileSync(file, mutateBytes(text, draw));
          return outcomeOf(`a changed ${file}`, read, original); // it is made of the log, never read
        });
      },
      (draw) =>
        restoring(policy, async (text) => {
          writeFileSync(policy, mutateBytes(text, draw));
          const copy = join(place, "copy");
          cpSync(registry, copy, { recursive: true });
          rmSync(join(copy, "rollouts"), { recursive: true });
          try {
            return await outcomeOf("a changed policy", () => startRollout("m@2", { ...options, registry: copy }));
          } finally {
            rmSync(copy, { recursive: true });
          }
        }),
      (draw) =>
        restoring(rollout, () => {
          const lines = mutateBytes(Buffer.from(seen.join("\n")), draw)
            .toString("utf8")
            .split("\n");
          return outcomeOf("changed observations", async () => {
            await observe("m", lines, options);
            await read();
          });
        }),
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
    const restored = async (trainer: TrainerDefinition, directory: string) => {
      const learner = await opened(trainer);
      try {
        await callPlugin("the trainer's restore", () => learner.restore(directory));
        const digest = await learner.answerDigest?.();
        const answers = await callPlugin("the trainer", () => learner.generate(questions, { maxNewTokens: 2 }));
        return JSON.stringify([digest, answers]);
      } finally {
        await learner.release();
      }
    };
    const originals: Record<string, string> = {};
    for (const trainer of memoryTrainers) {
      const directory = join(place, trainer.name);
      mkdirSync(directory);
      const learner = await opened(trainer);
      const buffer = new MeteredBuffer(trainer.needs(checkOptions(trainer.options, {}, trainer.name)));
      const view = { index: 0, tasks: [task], pastValidation: [], generalItems: [] };
      await learner.learn(view, { buffer, cancelled: () => false, progress: () => undefined });
      await learner.save(directory);
      await learner.release();
      originals[trainer.name] = await restored(trainer, directory);
      requirePass(await outcomeOf(trainer.name, () => restored(trainer, directory), originals[trainer.name]));
    }
    return async (draw) => {
      const trainer = draw.pick(memoryTrainers);
      const directory = join(place, trainer.name);
      const file = join(directory, draw.pick(filesOf(directory)));
      const attack = (bytes: Buffer) => {
        const isForged = !file.endsWith("memory.json") && draw.integer(2) === 0;
        const asValue = isForged && file.endsWith(".json") && draw.integer(2) === 0;
        const content = asValue ? mutateJson(JSON.parse(bytes.toString("utf8")), draw) : undefined;
        writeFileSync(file, asValue ? `${JSON.stringify(content)}` : mutateBytes(bytes, draw));
        if (isForged) sealDirectory(directory);
        const what = `${trainer.name} with another ${file}`;
        return outcomeOf(what, () => restored(trainer, directory), isForged ? undefined : originals[trainer.name]);
      };
      return restoring(join(directory, "memory.json"), () => restoring(file, attack));
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
