import { random } from "../../harness/contract/random.js";
import type { TrainingSequence, Update } from "../../trainers/engine/contract.js";
import { TrainableDecoder } from "../../trainers/engine/onnx/training/trainable-decoder.js";
import type { DecoderConfig } from "../../trainers/model/decoder-config.js";

/** A shape of 0.48 M parameters, near that of the embedded base model, which has 0.55 M in 4 narrower layers. Published figures are of this one. */
export const config: DecoderConfig = {
  vocabulary: 1500,
  hidden: 96,
  layers: 3,
  heads: 4,
  keyValueHeads: 4,
  headDimension: 24,
  intermediate: 256,
  contextLength: 512,
  ropeTheta: 10_000,
  rmsEpsilon: 1e-6,
  tied: true,
  attentionBias: true,
  outputBias: false,
  feedForwardBias: false,
};

/** AdamW as trainers use it, weight decay and clipping on. */
export const update: Update = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clip: 1,
};

/** A batch of about the sizes of `trace-seq` (23 to 52 tokens, answers of 2 to 13): 16 sequences of 25 to 60 tokens that end with an answer of 2 to 14. */
export function drawBatch(step: number, size = 16, { vocabulary } = config): TrainingSequence[] {
  return Array.from({ length: size }, (_, item) => {
    const draw = random({ seed: 7, stream: "benchmark-batch", step, item });
    const length = 25 + draw.integer(36);
    const answer = 2 + draw.integer(13);
    const tokens = Array.from({ length }, () => Math.floor(vocabulary * draw.uniform() ** 2));
    return { tokens, weights: tokens.map((_, i) => (i >= length - answer ? 1 : 0)) };
  });
}

/** A model with weights drawn from N(0, 0.02²), norms 1, biases 0. */
export function drawModel(shape = config): TrainableDecoder {
  const model = new TrainableDecoder(shape, 7);
  for (const { name, shape } of model.base.tensors) {
    const draw = random({ seed: 7, stream: "benchmark-weights", item: name });
    const values = model.base.view(name);
    if (shape.length > 1) for (let i = 0; i < values.length; i++) values[i] = 0.02 * draw.normal();
    else if (!name.endsWith("bias")) values.fill(1);
  }
  return model;
}
