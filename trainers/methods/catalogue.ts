import type { TrainerDefinition } from "../../harness/contract/trainer.js";
import { ewc } from "./ewc.js";
import { frozen } from "./frozen.js";
import { icl } from "./icl.js";
import { joint } from "./joint.js";
import { lora } from "./lora.js";
import { replay } from "./replay.js";
import { sequential } from "./sequential.js";
import { composedTrainer, trainerOf } from "./trainer.js";

/** Every built-in trainer, in the order in which they are listed. */
export const trainers: TrainerDefinition[] = [
  frozen,
  icl,
  ...[sequential, joint, replay, ewc, lora].map(trainerOf),
  composedTrainer([lora, replay, ewc]),
];
