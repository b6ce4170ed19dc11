import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { averaging } from "./averaging/index.js";
import { constraints } from "./constraints/index.js";
import { isolation } from "./isolation/index.js";
import type { Method } from "./method.js";
import { multimodality } from "./multimodal/index.js";
import { frozen } from "./references/frozen.js";
import { icl } from "./references/icl.js";
import { joint } from "./references/joint.js";
import { sequential } from "./references/sequential.js";
import { regularization } from "./regularization/index.js";
import { rehearsal } from "./rehearsal/index.js";
import { composedTrainer, trainerOf } from "./trainer.js";

/** Every method that composes with others, family by family. */
export const methods: Method[] = [
  ...rehearsal,
  ...regularization,
  ...constraints,
  ...isolation,
  ...averaging,
  ...multimodality,
];

/** Trainers that are made of no method, or of none that composes. */
export const references: TrainerDefinition[] = [frozen, icl, ...[sequential, joint].map(trainerOf)];

/**
 * A trainer of each method, and one of any number of them, which may also contain methods that change no weights, such as
 * memories.
 */
export const trainersFrom = (all: readonly Method[], untrained: readonly Method[] = []): TrainerDefinition[] => [
  ...all.map(trainerOf),
  composedTrainer([...all, ...untrained]),
];

/** Every built-in trainer, in the order in which they are listed. */
export const trainers: TrainerDefinition[] = [...references, ...trainersFrom(methods)];
