import type { EngineRequest } from "../../contract.js";
import { packedBatch } from "../decoder/packed-forward.js";
import type { Tensor } from "../graph/session.js";
import { widthStep } from "./batches.js";
import { prefillGraph } from "./graphs.js";
import { type InferenceModel, runPacked } from "./inference.js";

/** The outputs of `prefillGraph` for prompts of one padded width. */
export function prefill(
  model: InferenceModel,
  prompts: readonly EngineRequest[],
): Promise<Readonly<Record<string, Tensor>>> {
  const sequences = prompts.map(({ tokens, images }) => ({ tokens, images, positions: [tokens.length - 1] }));
  return runPacked(model, "prefill", prefillGraph, packedBatch(sequences, widthStep));
}
