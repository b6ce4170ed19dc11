import type { Generation } from "../../../harness/contract/trainer.js";
import type { EngineRequest, Model, Vector } from "../../engine/contract.js";
import { fullBlock, type Instance, inputMarker } from "../blocks.js";
import { type DropReason, type Extent, parseInstance, stopOf } from "./parse.js";

export interface Sampling {
  temperature: number;
  topP: number;
  repetitionPenalty: number;
}

/** Who writes: a model with the weights that it writes with, and the seed of its draws. */
export interface Writer {
  model: Model;
  weights: Vector;
  seed: number;
  /** Called between batches; throws CANCELLED. */
  checkCancelled(): void;
}

/** Requests between two looks at whether the run was cancelled. */
const batch = 64;

/** What a new instance may exceed its longest demonstration by, and what it may take without any (in tokens). */
const lengthFactor = 1.5;
const lengthWithoutDemonstrations = 160;

/**
 * One instance a draw: after its demonstrations the block of the next is left open at "Input:" and continued by
 * sampling. Demonstrations that do not fit into the context together with the new instance are left out, the first ones first.
 * `name` keys the draws.
 */
export async function synthesize(
  writer: Writer,
  name: string,
  choices: readonly (readonly Instance[])[],
  extent: Extent,
  sampling: Sampling,
): Promise<(Instance | DropReason)[]> {
  const { tokenizer, contextLength } = writer.model;
  const lengthOf = (instance: Instance) =>
    tokenizer.encode(extent === "input" ? instance.input : fullBlock(instance)).length;
  const longest = new Set(choices.flat());
  const wanted =
    longest.size === 0
      ? lengthWithoutDemonstrations
      : Math.ceil(lengthFactor * Math.max(...[...longest].map(lengthOf)));
  const maxNewTokens = Math.min(wanted + tokenizer.encode(stopOf(extent)).length, Math.floor(contextLength / 2));
  const begin = tokenizer.beginToken === null ? [] : [tokenizer.beginToken];
  const promptOf = (choice: readonly Instance[]): number[] => {
    const tokens = [...begin, ...tokenizer.encode(choice.map(fullBlock).join("") + inputMarker)];
    return choice.length === 0 || tokens.length + maxNewTokens <= contextLength ? tokens : promptOf(choice.slice(1));
  };
  const requests = choices.map((choice, draw) => ({
    id: `${name}/${draw}`,
    tokens: promptOf(choice),
    weights: writer.weights,
  }));
  const decoding = { ...sampling, maxNewTokens, stop: [stopOf(extent)], seed: writer.seed };
  const generations = await inBatches(writer, requests, (part) => writer.model.generate(part, decoding));
  return generations.map((generation) => parseInstance(generation, extent));
}

/** Generates batch by batch. */
export async function inBatches(
  { checkCancelled }: Pick<Writer, "checkCancelled">,
  requests: readonly EngineRequest[],
  generate: (part: readonly EngineRequest[]) => Promise<Generation[]>,
): Promise<Generation[]> {
  const generations: Generation[] = [];
  for (let start = 0; start < requests.length; start += batch) {
    checkCancelled();
    generations.push(...(await generate(requests.slice(start, start + batch))));
  }
  return generations;
}
