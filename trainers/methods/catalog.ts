import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { averaging } from "./averaging/index.js";
import { constraints } from "./constraints/index.js";
import { isolation } from "./isolation/index.js";
import type { Method } from "./method.js";
import { frozen } from "./references/frozen.js";
import { icl } from "./references/icl.js";
import { joint } from "./references/joint.js";
import { sequential } from "./references/sequential.js";
import { regularization } from "./regularization/index.js";
import { rehearsal } from "./rehearsal/index.js";
import { composedTrainer, trainerOf } from "./trainer.js";

/** Every method that composes with others, family by family. */
export const methods: Method[] = [...rehearsal, ...regularization, ...constraints, ...isolation, ...averaging];

/** Every built-in trainer, in the order in which they are listed. */
export const trainers: TrainerDefinition[] = [
  frozen,
  icl,
  ...[sequential, joint, ...methods].map(trainerOf),
  composedTrainer(methods),
];
