import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { EngineRequest } from "../../contract.js";
import { packedBatch } from "../decoder/packed-forward.js";
import { floats, type Tensor } from "../graph/session.js";
import { widthStep } from "./batches.js";
import { prefillGraph } from "./graphs.js";
import { type InferenceModel, runPacked } from "./inference.js";
import type { Prefill } from "./prompt-cache.js";

/**
 * The outputs of `prefillGraph` for prompts of one padded width, at least two, and which of them were known. A prompt's bits do not
 * depend on its companions, so what is known is put in place of what would be computed, and only the rest is computed.
 */
export async function prefill(
  model: InferenceModel,
  prompts: readonly EngineRequest[],
): Promise<{ outputs: Readonly<Record<string, Tensor>>; known: boolean[] }> {
  const { promptCache: cache, config } = model;
  const isKept = ({ images = [] }: EngineRequest) => images.length === 0;
  const found = prompts.map((prompt) => (isKept(prompt) ? cache?.get(prompt.tokens) : undefined));
  const open = prompts.filter((_, row) => found[row] === undefined);
  const computed =
    open.length === 0 ? undefined : await compute(model, open.length === 1 ? [open[0]!, open[0]!] : open);
  const known = found.map((each) => each !== undefined);
  if (computed === undefined || cache === undefined) {
    return { outputs: computed ?? joined(found as Prefill[], prompts, config), known };
  }
  let next = 0;
  const rows = found.map((each, row) => {
    if (each !== undefined) return each;
    const prompt = prompts[row]!;
    const own = rowOf(computed, next++, prompt.tokens.length, config);
    if (isKept(prompt)) cache.add(prompt.tokens, own);
    return own;
  });
  return { outputs: known.includes(true) ? joined(rows, prompts, config) : computed, known };
}

function compute(model: InferenceModel, prompts: readonly EngineRequest[]): Promise<Readonly<Record<string, Tensor>>> {
  const sequences = prompts.map(({ tokens, images }) => ({ tokens, images, positions: [tokens.length - 1] }));
  return runPacked(model, "prefill", prefillGraph, packedBatch(sequences, widthStep));
}

/** A prompt's own part of outputs, without its padding. */
function rowOf(outputs: Readonly<Record<string, Tensor>>, row: number, length: number, config: DecoderConfig): Prefill {
  const { keyValueHeads, headDimension } = config;
  const parts = Object.entries(outputs).map(([name, { data, dims }]) => {
    const values = data as Float32Array;
    if (name === "logits") return [name, values.slice(row * dims[1]!, (row + 1) * dims[1]!)] as const;
    const own = new Float32Array(keyValueHeads * length * headDimension);
    for (let head = 0; head < keyValueHeads; head++) {
      const from = (row * keyValueHeads + head) * dims[2]! * headDimension;
      own.set(values.subarray(from, from + length * headDimension), head * length * headDimension);
    }
    return [name, own] as const;
  });
  return Object.fromEntries(parts);
}

/** Outputs as the graph gives them; padding, which no token sees, is 0. */
function joined(
  rows: readonly Prefill[],
  prompts: readonly EngineRequest[],
  { keyValueHeads, headDimension }: DecoderConfig,
): Record<string, Tensor> {
  const lengths = prompts.map(({ tokens }) => tokens.length);
  const places = Math.max(...lengths);
  const size = keyValueHeads * places * headDimension;
  return Object.fromEntries(
    Object.keys(rows[0]!).map((name) => {
      const values = rows.map((row) => row[name]!);
      if (name === "logits") {
        const all = new Float32Array(values.length * values[0]!.length);
        for (const [row, own] of values.entries()) all.set(own, row * own.length);
        return [name, floats(all, [values.length, values[0]!.length])];
      }
      const all = new Float32Array(values.length * size);
      for (const [row, own] of values.entries()) {
        const part = lengths[row]! * headDimension;
        for (let head = 0; head < keyValueHeads; head++) {
          all.set(own.subarray(head * part, (head + 1) * part), row * size + head * places * headDimension);
        }
      }
      return [name, floats(all, [values.length, keyValueHeads, places, headDimension])];
    }),
  );
}
