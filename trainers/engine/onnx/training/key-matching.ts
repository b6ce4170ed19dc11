import type { Term } from "../../contract.js";
import type { Graph, Value } from "../graph/graph.js";
import { divide, gather, multiply, squareRoot, subtract, sum, total } from "../graph/operators/index.js";
import { type Feeds, floats, integers } from "../graph/session.js";

type KeyMatching = Extract<Term, { kind: "key-matching" }>;

/**
 * The mean over pairs of 1 − cos(query, key) (L2P, Wang et al., 2112.08654, eq. 5, with the cosine distance). Inputs of
 * the graph: `pairs.queries` [pairs, hidden], each of length 1, and `pairs.keys` [pairs], the key of each pair.
 */
export function keyMatching(graph: Graph, keys: Value): Value {
  const queries = graph.input("pairs.queries", ["pairs", keys.shape[1]!]);
  const chosen = gather(keys, graph.input("pairs.keys", ["pairs"], "int32"));
  const products = sum(multiply(chosen, queries), [1]);
  const lengths = squareRoot(sum(multiply(chosen, chosen), [1]));
  const distances = subtract(graph.scalar(1), divide(products, lengths));
  return total(multiply(distances, graph.input("pairs.share", ["pairs", 1])));
}

/** The inputs of `keyMatching`. */
export function keyMatchingFeeds({ queries, choices }: KeyMatching): Feeds {
  const pairs = choices.flatMap((keys, query) => keys.map((key) => ({ query, key })));
  const width = queries[0]!.length;
  const rows = new Float32Array(pairs.length * width);
  for (const [pair, { query }] of pairs.entries()) {
    const values = queries[query]!;
    const length = Math.sqrt(values.reduce((squares, value) => squares + value * value, 0));
    for (let i = 0; i < width; i++) rows[pair * width + i] = values[i]! / Math.max(length, 1e-12);
  }
  return {
    "pairs.queries": floats(rows, [pairs.length, width]),
    "pairs.keys": integers(pairs.map(({ key }) => key)),
    "pairs.share": floats(new Float32Array(pairs.length).fill(1 / pairs.length), [pairs.length, 1]),
  };
}
