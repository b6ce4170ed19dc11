import type { Attention, PromptOptions, TrainingSequence } from "../../../../trainers/engine/contract.js";
import { llama } from "../../../../trainers/engine/onnx/architectures/llama.js";
import type { DecoderArchitecture } from "../../../../trainers/engine/onnx/decoder/architecture.js";
import type { ImageInput } from "../../../../trainers/engine/onnx/decoder/decoder.js";
import { CompiledGraph, type Feeds, floats, Tensor } from "../../../../trainers/engine/onnx/graph/session.js";
import type { ParameterStore } from "../../../../trainers/engine/onnx/parameters/parameter-store.js";
import { segmentFeeds, segmentsOf } from "../../../../trainers/engine/onnx/parameters/segments.js";
import { trainingBatch } from "../../../../trainers/engine/onnx/training/batch.js";
import { type LoraForm, trainingGraph } from "../../../../trainers/engine/onnx/training/training-graph.js";
import type { TextTerm } from "../../../../trainers/engine/parts.js";
import type { DecoderConfig } from "../../../../trainers/model/decoder-config.js";
import { normals } from "./finite-differences.js";
import { sequences } from "./small-model.js";

const behind = (prompt: number[], { tokens, weights }: TrainingSequence): TrainingSequence => ({
  tokens: [...prompt, ...tokens],
  weights: [...prompt.map(() => 0), ...weights],
});

const double = (tensor: Tensor): Tensor =>
  tensor.type === "float32"
    ? new Tensor("float64", Float64Array.from(tensor.data as Float32Array), tensor.dims)
    : tensor;

/** What is added to a plain decoder. */
interface Variant {
  lora?: LoraForm | null;
  prompts?: PromptOptions;
  architecture?: DecoderArchitecture;
  /** What the attention of the texts is distilled from, in addition. */
  attention?: Attention[];
  /** Texts with images, what their images are seen by, and the inputs for that. */
  seen?: { batch: TrainingSequence[]; images: ImageInput; feeds: Feeds };
}

/**
 * The largest difference between the objective's gradient in double precision and central differences along random
 * directions, one within each tensor; and between the gradients in single and in double precision, relative to the norm.
 */
export async function gradientErrors(
  config: DecoderConfig,
  store: ParameterStore,
  frozen: ParameterStore,
  { lora = null, prompts, architecture = llama, seen, attention }: Variant = {},
): Promise<{ differences: number; single: number }> {
  const texts = seen?.batch ?? sequences([7, 4, 9]);
  const batch = prompts ? texts.map((own) => behind([config.vocabulary + 2, config.vocabulary], own)) : texts;
  const terms: TextTerm[] = [{ kind: "language-modeling", batch, weight: 1.5 }];
  if (attention) terms.push({ kind: "attention-distillation", batch, teacher: attention, weight: 3 });
  const { decoder } = architecture;
  const own = { config, lora, prompts, images: seen?.images };
  const form = {
    ...own,
    languageModeling: true,
    attentionTerms: attention ? 1 : 0,
    quadratics: 0,
    result: "gradient" as const,
  };
  const compiled = await CompiledGraph.create(trainingGraph(form, store, frozen, { precision: "float64", decoder }));
  const segments = segmentsOf(store);
  const { feeds: packed } = trainingBatch(config, terms);
  const tensors =
    lora || prompts ? frozen.tensors.map(({ name, shape }) => [name, floats(frozen.view(name), shape)] as const) : [];
  const fixed = { ...packed, ...seen?.feeds, ...Object.fromEntries(tensors) };
  const feeds = Object.fromEntries(Object.entries(fixed).map(([name, tensor]) => [name, double(tensor)]));
  const base = segmentFeeds("parameters", segments, store.values);
  const values = Object.fromEntries(Object.entries(base).map(([name, tensor]) => [name, double(tensor)]));
  const evaluate = async () => {
    const result = await compiled.run({ ...feeds, ...values });
    const nll = result.nll!.data as Float64Array;
    const seeds = feeds.seeds!.data as Float64Array;
    const divergence = attention ? 3 * (result["attention.0"]!.data[0] as number) : 0;
    return { result, objective: nll.reduce((sum, own, i) => sum + own * seeds[i]!, divergence) };
  };
  const { result } = await evaluate();
  const compiledSingle = await CompiledGraph.create(trainingGraph(form, store, frozen, { decoder }));
  const resultSingle = await compiledSingle.run({ ...fixed, ...base });
  await compiledSingle.release();
  let single = 0;
  for (const i of segments.keys()) {
    const exact = result[`gradient.${i}`]!.data as Float64Array;
    const rounded = resultSingle[`gradient.${i}`]!.data as Float32Array;
    single = Math.max(single, Math.hypot(...exact.map((own, j) => own - rounded[j]!)) / Math.hypot(...exact));
  }
  let worst = 0;
  for (const [i, segment] of segments.entries()) {
    const data = values[`parameters.${i}`]!.data as Float64Array;
    const gradient = result[`gradient.${i}`]!.data as Float64Array;
    for (const { name, offset, length } of segment.tensors) {
      const start = offset - segment.offset;
      const direction = normals(length, name);
      const move = (step: number) => {
        for (const [j, d] of direction.entries()) data[start + j]! += step * d;
      };
      const step = 1e-5;
      move(step);
      const above = (await evaluate()).objective;
      move(-2 * step);
      const below = (await evaluate()).objective;
      move(step);
      const expected = (above - below) / (2 * step);
      const found = direction.reduce((sum, d, j) => sum + d * gradient[start + j]!, 0);
      worst = Math.max(worst, Math.abs(found - expected) / (1 + Math.abs(expected)));
    }
  }
  await compiled.release();
  return { differences: worst, single };
}
