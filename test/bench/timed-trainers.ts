import { appendFileSync } from "node:fs";
import type { Plugin } from "../../harness/contract/plugin.js";
import type { Learner, TrainerDefinition } from "../../harness/contract/trainer.js";
import { plugin as trainers } from "../../trainers/index.js";

/** The built-in trainers, each call of whose learners is timed; a released learner adds its seconds to $LEARNER_SECONDS. */
export const plugin: Plugin = {
  ...trainers,
  trainers: trainers.trainers!.map(timed),
  trainersFrom: (methods) => trainers.trainersFrom!(methods).map(timed),
};

function timed(definition: TrainerDefinition): TrainerDefinition {
  return {
    ...definition,
    async create(context) {
      const started = performance.now();
      const learner = await definition.create(context);
      return timedLearner(learner, performance.now() - started);
    },
  };
}

function timedLearner(learner: Learner, creation: number): Learner {
  let milliseconds = creation;
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    try {
      return await call();
    } finally {
      milliseconds += performance.now() - started;
    }
  };
  return {
    learn: (view, context) => timed(() => learner.learn(view, context)),
    generate: (requests, decoding) => timed(() => learner.generate(requests, decoding)),
    score: (requests) => timed(() => learner.score(requests)),
    save: (directory) => timed(() => learner.save(directory)),
    restore: (directory) => timed(() => learner.restore(directory)),
    cost: () => learner.cost(),
    ...(learner.answerDigest === undefined ? {} : { answerDigest: () => timed(() => learner.answerDigest!()) }),
    async release() {
      await timed(() => learner.release());
      appendFileSync(process.env.LEARNER_SECONDS!, `${milliseconds / 1000}\n`);
    },
  };
}
