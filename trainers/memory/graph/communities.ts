import { random } from "../../../harness/contract/random.js";
import type { SparseGraph } from "./sparse-graph.js";

/**
 * Communities by the Louvain method (Blondel et al. 2008) at each of its levels, the finest first: the community of each of the
 * first `nodes` nodes. Random numbers are keyed: the same graph has the same communities.
 */
export async function communitiesOf(
  { offsets, neighbors, weights }: SparseGraph,
  nodes: number,
): Promise<ArrayLike<number>[]> {
  // Loaded where they are needed: most processes have no communities.
  const { UndirectedGraph } = await import("graphology");
  const { default: module } = await import("graphology-communities-louvain");
  const louvain = module as unknown as typeof module.default; // the function, which its types take for a module
  const graph = new UndirectedGraph();
  for (let node = 0; node < nodes; node++) graph.addNode(node);
  for (let node = 0; node < nodes; node++) {
    for (let at = offsets[node]!; at < offsets[node + 1]!; at++) {
      const neighbor = neighbors[at]!;
      if (node < neighbor && neighbor < nodes) graph.addEdge(node, neighbor, { weight: weights[at]! });
    }
  }
  if (graph.size === 0) return [];
  const stream = random({ seed: 1, stream: "communities" });
  const { dendrogram } = louvain.detailed(graph, { rng: () => stream.uniform() });
  // The first partition is that of single nodes.
  return dendrogram.slice(1);
}
