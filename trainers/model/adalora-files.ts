import { BenchError } from "../../harness/contract/errors.js";
import type { AdaLoraOptions } from "../engine/contract.js";
import type { NamedTensor } from "./safetensors.js";

/*
 * PEFT keeps of AdaLoRA's triplets those that were not pruned: `<module>.lora_A` [kept, in], `.lora_E` [kept, 1] and
 * `.lora_B` [out, kept], and says in `rank_pattern` which of `init_r` they are.
 */

type RankPattern = Record<string, boolean[]>;

/** What PEFT writes of an adapter: the tensors without pruned triplets, and the keys of its configuration. */
export function packTriplets(options: AdaLoraOptions, tensors: readonly NamedTensor[]) {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const pattern: RankPattern = {};
  const packed = tensors.map(({ name, shape, values }): NamedTensor => {
    const path = name.slice(0, name.lastIndexOf(".lora_"));
    pattern[`${path}.lora_E`] ??= keptTriplets(options.rank, path, byName);
    const kept = pattern[`${path}.lora_E`]!;
    const indices = indicesOf(name, shape, kept);
    const size = kept.filter(Boolean).length;
    const own = isUp(name) ? [shape[0]!, size] : [size, shape[1]!];
    return { name: name.replace(/\.weight$/, ""), shape: own, values: Float32Array.from(indices, (i) => values[i]!) };
  });
  const whole = Object.values(pattern).every((kept) => kept.every(Boolean));
  const keys = {
    init_r: options.rank,
    target_r: options.targetRank,
    rank_pattern: whole ? null : pattern,
    /** PEFT asks for a positive number of steps, although it reads the adapter only to answer. */
    total_step: 1,
  };
  return { keys, tensors: packed };
}

/** Elements that an adapter may have with the triplets that were pruned; more only where the file has a share of them. */
const mostElements = 5_000_000;
const leastShare = 1 / 16;

/**
 * Checks what says which triplets there are against the tensors, before memory is taken for all of them.
 *
 * @throws MODEL_INVALID.
 */
export function checkTriplets(
  file: string,
  rank: number,
  pattern: unknown,
  tensors: readonly NamedTensor[],
): asserts pattern is RankPattern | null {
  const invalid = (what: string) =>
    new BenchError("MODEL_INVALID", `${what}.`, { at: { file }, fix: "Save the adapter again with PEFT." });
  const isList = (list: unknown) =>
    Array.isArray(list) && list.length === rank && list.every((kept) => typeof kept === "boolean");
  if (pattern !== null && (typeof pattern !== "object" || !Object.values(pattern).every(isList))) {
    throw invalid(`rank_pattern does not say of ${rank} triplets of each module whether they are kept`);
  }
  const flat = tensors.find(({ shape }) => shape.length !== 2);
  if (flat !== undefined) throw invalid(`The tensor "${flat.name}" has shape [${flat.shape}], not two sizes`);
  const whole = tensors.reduce((sum, { name, shape }) => sum + rank * (isUp(name) ? shape[0]! : shape[1]!), 0);
  const stored = tensors.reduce((sum, { values }) => sum + values.length, 0);
  if (whole > mostElements && stored < whole * leastShare) {
    throw invalid(`With all of ${rank} triplets it has ${whole} elements, of which ${stored} are stored`);
  }
}

/** The tensors with all of `rank` triplets; pruned ones are zero. */
export function unpackTriplets(
  rank: number,
  pattern: RankPattern | null,
  tensors: readonly NamedTensor[],
): NamedTensor[] {
  return tensors.map(({ name, shape, values }) => {
    const path = name.slice(0, name.lastIndexOf(".lora_"));
    const kept = pattern?.[`${path}.lora_E`] ?? Array.from({ length: rank }, () => true);
    const full = isUp(name) ? [shape[0]!, rank] : [rank, shape[1]!];
    const all = new Float32Array(full[0]! * full[1]!);
    for (const [i, index] of indicesOf(name, full, kept).entries()) all[index] = values[i]!;
    return { name: `${name}.weight`, shape: full, values: all };
  });
}

const isUp = (name: string): boolean => name.includes(".lora_B");

/** Which triplets of a module have an element that is not zero. */
function keptTriplets(rank: number, path: string, tensors: ReadonlyMap<string, NamedTensor>): boolean[] {
  const parts = ["A", "E", "B"].map((part) => tensors.get(`${path}.lora_${part}.weight`)!);
  return Array.from({ length: rank }, (_, triplet) => {
    const own = Array.from({ length: rank }, (_, other) => other === triplet);
    return parts.some(({ name, shape, values }) => indicesOf(name, shape, own).some((index) => values[index] !== 0));
  });
}

/** The indices of the triplets that are kept, in a tensor of all. */
function indicesOf(name: string, shape: readonly number[], kept: readonly boolean[]): number[] {
  const width = shape[1]!;
  const length = shape[0]! * width;
  const tripletOf = (index: number) => (isUp(name) ? index % width : Math.floor(index / width));
  return Array.from({ length }, (_, index) => index).filter((index) => kept[tripletOf(index)]);
}
