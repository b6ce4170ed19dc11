import type { NumberedGraph } from "./knowledge-graph.js";

/** Nodes that are looked at before the search for paths ends: evidence must not cost more than the answer. */
const mostVisited = 20_000;

/** Shortest paths through the graph from any of the phrases to each of the passages, as lines for people; none where they are too far. */
export function pathsTo(graph: NumberedGraph, starts: readonly string[], passages: readonly string[]): string[] {
  const { offsets, neighbors } = graph.walk.graph;
  const parents = new Map<number, number>(starts.map((phrase) => [graph.numberOf.get(phrase)!, -1]));
  const wanted = new Set(passages.map((passage) => graph.phrases.length + placeOf(graph.passages, passage)));
  const found = new Map<number, string>();
  const queue = [...parents.keys()];
  for (let at = 0; at < queue.length && found.size < wanted.size && parents.size < mostVisited; at++) {
    const node = queue[at]!;
    if (wanted.has(node)) found.set(node, pathText(graph, parents, node));
    for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge++) {
      const next = neighbors[edge]!;
      if (parents.has(next)) continue;
      parents.set(next, node);
      queue.push(next);
    }
  }
  return [...wanted].flatMap((node) => found.get(node) ?? []);
}

function pathText(graph: NumberedGraph, parents: ReadonlyMap<number, number>, end: number): string {
  const names: string[] = [];
  for (let node = end; node >= 0; node = parents.get(node)!) {
    const { phrases, passages } = graph;
    names.unshift(node < phrases.length ? phrases[node]! : `passage ${passages[node - phrases.length]!}`);
  }
  return `path: ${names.join(" → ")}`;
}

/** The place of a text in a list sorted by code units. */
function placeOf(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
