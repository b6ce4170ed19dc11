import type { Checkpoint, MemoryNeed } from "../../../harness/contract/engine.js";
import { readConfig } from "../../model/config.js";
import { placesOf, type VisionConfig } from "../../model/vision/vision-config.js";
import { findWeights } from "../../model/weights.js";
import { architectures } from "./architectures/index.js";
import { canBeMapped } from "./graph/mapped-tensor.js";
import { activationBudget, activationBytes, largeModel } from "./training/activations.js";

/** Bytes of a parameter. */
const number = 4;

/**
 * Copies of the weights: of a model that answers; and the further ones of a training step: gradient, both moments and what
 * the embedding's gradient takes, and where the step is one graph the new values of weights and moments until they take the place of the old ones.
 */
const copies = { answering: 1.3, training: 3.8, inOneGraph: 2.2 };

/** What a tower keeps of a picture: the activations of its places, and the attention among them. */
function pictureBytes(vision: VisionConfig): number {
  const { hidden, intermediate, heads, layers } = vision;
  const places = placesOf(vision);
  return number * layers * places * (10 * hidden + 3 * intermediate + 2 * heads * places);
}

/**
 * Peak bytes of a learner: copies of the weights, the method's vectors, and the activations of a batch, of a large model
 * within their budget unless one example takes more. Of a model that sees, each example is counted with one picture. What
 * was measured is in `README.md`.
 */
export function learnerMemory(
  { directory }: Pick<Checkpoint, "directory">,
  { trains, vectors, parameters, tokens, batch }: MemoryNeed & { parameters: number; tokens: number },
): number {
  const { config } = readConfig(directory, architectures);
  const isLarge = parameters > largeModel;
  const training = trains === "all" ? copies.training + (isLarge ? 0 : copies.inOneGraph) + vectors : 0;
  const weights = number * parameters * (copies.answering + training);
  const { token, row } = activationBytes(trains === "nothing" ? { ...config, layers: 1 } : config);
  const pictures = config.vision ? pictureBytes(config.vision) * (trains === "nothing" ? 1 : batch) : 0;
  const whole = tokens * (token + row);
  return (
    weights +
    pictures +
    (isLarge && trains !== "nothing" ? Math.min(whole, Math.max(activationBudget, whole / batch)) : whole)
  );
}

/** The weights of a large model, where all learners leave them in files. */
export function sharedMemory(
  { directory, adapter }: Pick<Checkpoint, "directory" | "adapter">,
  { trains, folds = false, parameters }: Pick<MemoryNeed, "trains" | "folds"> & { parameters: number },
): number {
  const changes = trains === "all" || folds || adapter !== undefined;
  return !changes && parameters > largeModel && canBeMapped(findWeights(directory)) ? number * parameters : 0;
}
