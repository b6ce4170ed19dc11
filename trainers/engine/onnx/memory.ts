import type { Checkpoint, MemoryNeed } from "../../../harness/contract/engine.js";
import { readConfig } from "../../model/config.js";
import { architectures } from "./architectures/index.js";

/** Bytes of a number of weights and activations. */
const number = 4;

/**
 * Copies of the weights: of a model that answers, the file that is read included; and the further ones of a training step:
 * gradient, both moments, and the new values of weights and moments until they take the place of the old ones.
 */
const copies = { answering: 1.6, training: 6 };

/**
 * Peak bytes of a learner: copies of the weights, the method's vectors, and what forward and backward pass keep of each
 * token: about 16 vectors of the hidden size and 4 of the feed-forward network in each layer, and 3 of the vocabulary.
 *
 * Peak resident memory of a run, measured / planned with 350 MB for the process, batches of 16 examples of 35 tokens: a
 * Llama of 50.8 M parameters, frozen 529 / 690 MB, lora 1009 / 1010, sequential 2190 / 2400, ewc 3143 / 3210; the
 * embedded model of 0.55 M parameters, frozen 216 / 360, sequential 318 / 380.
 */
export function learnerMemory(
  { directory }: Pick<Checkpoint, "directory">,
  { trains, vectors, parameters, tokens }: MemoryNeed & { parameters: number; tokens: number },
): number {
  const { hidden, intermediate, layers, vocabulary } = readConfig(directory, architectures).config;
  const held = copies.answering + (trains === "all" ? copies.training + vectors : 0);
  const kept = trains === "nothing" ? 16 * hidden + 4 * intermediate : layers * (16 * hidden + 4 * intermediate);
  return number * (held * parameters + tokens * (kept + 3 * vocabulary));
}
