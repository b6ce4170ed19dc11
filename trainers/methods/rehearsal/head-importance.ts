import type { Attention, Head } from "../../engine/contract.js";

/** For each head the mean over queries of the squared distance between two attentions of one text. */
export function attentionChange(before: Attention, after: Attention): Float64Array {
  const size = after.queries.length * after.keys;
  return Float64Array.from(after.heads, (_, head) => {
    let sum = 0;
    for (let i = head * size; i < (head + 1) * size; i++) sum += (after.values[i]! - before.values[i]!) ** 2;
    return sum / after.queries.length;
  });
}

/** A task's part of each head's importance: change × sensitivity, the latter as a share of its layer's. A row a layer. */
export function taskImportance(change: ArrayLike<number>, sensitivity: readonly ArrayLike<number>[]): number[][] {
  let head = 0;
  return sensitivity.map((own) => {
    const all = Array.from(own).reduce((sum, value) => sum + value, 0);
    return Array.from(own, (value) => change[head++]! * (all > 0 ? value / all : 0));
  });
}

/**
 * The heads whose attention is distilled: of the layers with the highest sums of importance those with the highest
 * importance, by layer and head. Shares are of all layers and of all heads of the model; at least one.
 */
export function chooseHeads(importance: readonly (readonly number[])[], layers: number, heads: number): Head[] {
  const count = (share: number, all: number) => Math.max(1, Math.round(share * all));
  const sums = importance.map((own, layer) => ({ layer, value: own.reduce((sum, value) => sum + value, 0) }));
  const within = new Set(largest(sums, count(layers, sums.length)).map(({ layer }) => layer));
  const candidates = importance.flatMap((own, layer) => own.map((value, head) => ({ layer, head, value })));
  const own = candidates.filter(({ layer }) => within.has(layer));
  return largest(own, count(heads, candidates.length))
    .map(({ layer, head }) => ({ layer, head }))
    .sort((a, b) => a.layer - b.layer || a.head - b.head);
}

/** The first of equal ones before the others. */
function largest<T extends { value: number }>(items: readonly T[], count: number): T[] {
  return [...items].sort((a, b) => b.value - a.value).slice(0, count);
}

/** The attention of some of its heads. */
export function ofHeads(attention: Attention, heads: readonly Head[]): Attention {
  const size = attention.queries.length * attention.keys;
  const values = new Float32Array(heads.length * size);
  for (const [i, { layer, head }] of heads.entries()) {
    const place = attention.heads.findIndex((own) => own.layer === layer && own.head === head);
    values.set(attention.values.subarray(place * size, (place + 1) * size), i * size);
  }
  return { ...attention, heads: [...heads], values };
}
