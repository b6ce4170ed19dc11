import { canonicalJson } from "../../../../harness/contract/digest.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import { type DecoderArchitecture, graphVariant } from "../decoder/architecture.js";
import { Decoder } from "../decoder/decoder.js";
import { forwardFlops } from "../decoder/flops.js";
import type { PackedBatch } from "../decoder/packed-forward.js";
import { Graph, type Value } from "../graph/graph.js";
import type { Feeds, Inputs, SessionOptions, Tensor } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import type { AdapterForm } from "../parameters/lora-adapter.js";
import { featureInput } from "../vision/insert.js";
import { type Pictures, requirePictures, type Still } from "../vision/pictures.js";

/** What inference reads of a model. The tensors stay where training updates them in place. */
export interface InferenceModel {
  readonly architecture: DecoderArchitecture;
  readonly config: DecoderConfig;
  /** Every tensor by its Hugging Face name, the adapter's among them. */
  readonly tensors: Inputs;
  /** The form of an adapter that is not merged. */
  readonly lora?: AdapterForm;
  /** Rows of the prompt table; 0 where there is none. */
  readonly virtualTokens?: number;
  /** The images of sequences; undefined where the model takes text alone. */
  readonly pictures?: Pictures;
  /** What of pictures is the same in every call; nothing unless given. */
  readonly still?: Still;
  readonly session: SessionOptions;
  /** Counts floating-point operations. */
  spend(flops: number): void;
}

/** Runs a graph over packed sequences, such as a prompt's, and counts its operations. */
export async function runPacked(
  model: InferenceModel,
  name: string,
  build: (decoder: Decoder) => void,
  batch: PackedBatch,
  feeds: Feeds = {},
): Promise<Readonly<Record<string, Tensor>>> {
  const { linear, attention } = forwardFlops(model.config, batch);
  model.spend(linear + attention);
  const seen = batch.images.length === 0 ? {} : await imageFeeds(model, batch);
  return runGraph(model, name, build, { ...batch.feeds, ...feeds, ...seen });
}

function imageFeeds(
  { pictures, tensors, spend, still = "nothing" }: InferenceModel,
  batch: PackedBatch,
): Promise<Feeds> {
  return requirePictures(pictures).features(batch, tensors, spend, still);
}

/** Runs the graph of that name, made by `build` over the model's tensors; it is compiled once for a form of model. */
export function runGraph(
  model: InferenceModel,
  name: string,
  build: (decoder: Decoder) => void,
  feeds: Feeds,
): Promise<Readonly<Record<string, Tensor>>> {
  const { architecture, config, lora, virtualTokens = 0, tensors, session } = model;
  const rank = lora && Object.entries(tensors).find(([tensor]) => tensor.endsWith("lora_A.weight"))?.[1].dims[0];
  const images = featureInput in feeds ? "features" : undefined;
  const signature = `${name}|${canonicalJson({ architecture: graphVariant(architecture), config, lora, rank, virtualTokens: virtualTokens || undefined, images })}`;
  const construct = () => {
    const graph = new Graph();
    const inputs = new Map<string, Value>();
    const tensor = (key: string): Value => {
      const input = inputs.get(key) ?? graph.input(key, tensors[key]!.dims);
      inputs.set(key, input);
      return input;
    };
    const adapter = lora && { ...lora, targets: new Set(lora.targets) };
    const { decoder: DecoderClass = Decoder } = architecture;
    build(new DecoderClass(graph, config, tensor, adapter, virtualTokens > 0, images));
    return graph;
  };
  return sessions.run(signature, construct, { ...tensors, ...feeds }, undefined, session);
}
