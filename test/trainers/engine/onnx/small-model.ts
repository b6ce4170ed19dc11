import { random } from "../../../../harness/contract/random.js";
import type { Objective, TrainingSequence, Update } from "../../../../trainers/engine/contract.js";
import type { DecoderArchitecture } from "../../../../trainers/engine/onnx/decoder/architecture.js";
import { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import type { DecoderConfig } from "../../../../trainers/model/decoder-config.js";

/** Two layers with everything the family has: grouped queries, biases, a tied head, Llama 3's rotary scaling. */
export const smallConfig: DecoderConfig = {
  vocabulary: 13,
  hidden: 8,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headDimension: 4,
  intermediate: 6,
  contextLength: 64,
  ropeTheta: 100,
  ropeScaling: { kind: "llama3", factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 16 },
  rmsEpsilon: 1e-5,
  tied: true,
  attentionBias: true,
  outputBias: true,
  feedForwardBias: true,
};

/** Every parameter drawn from N(0, 0.3²), norms around 1. */
export function smallModel(
  config: Partial<DecoderConfig> = {},
  seed = 3,
  architecture?: DecoderArchitecture,
): TrainableDecoder {
  const model = new TrainableDecoder({ ...smallConfig, ...config }, seed, undefined, architecture);
  for (const { name } of model.base.tensors) {
    const draw = random({ seed: 5, stream: "test-weights", item: name });
    const values = model.base.view(name);
    for (let i = 0; i < values.length; i++) values[i] = (name.includes("norm") ? 1 : 0) + 0.3 * draw.normal();
  }
  return model;
}

export function sequences(lengths: readonly number[], item = ""): TrainingSequence[] {
  return lengths.map((length, index) => {
    const draw = random({ seed: 5, stream: "test-batch", step: index, item });
    const tokens = Array.from({ length }, () => draw.integer(smallConfig.vocabulary));
    return { tokens, weights: tokens.map((_, i) => (i > length / 2 ? 1 + draw.uniform() : 0)) };
  });
}

export function languageModeling(batch: readonly TrainingSequence[], weight = 1): Objective {
  return { terms: [{ kind: "language-modeling", batch, weight }] };
}

export const plainUpdate: Update = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: null,
};
