import { keyTensor } from "../../../model/prompt-files.js";
import type { Term } from "../../contract.js";
import type { Graph, Value } from "../graph/graph.js";
import { multiply, reshape } from "../graph/operators/index.js";
import { type Feeds, floats } from "../graph/session.js";
import { keyMatching, keyMatchingFeeds } from "./key-matching.js";
import { subspaceValue } from "./subspaces.js";

/** A term over the trained tensors themselves; an objective has at most one of a kind. */
export type ParameterTerm = Extract<Term, { kind: (typeof kinds)[number] }>;

const kinds = ["key-matching", "orthogonality", "orthonormality", "sparsity"] as const;

export function isParameterTerm(term: Term): term is ParameterTerm {
  return kinds.some((kind) => kind === term.kind);
}

/**
 * The weighted term. Inputs: `<kind>.weight` [1] and those of the kind; output: its value before weighing, named by
 * its kind.
 */
export function parameterTerm(graph: Graph, kind: ParameterTerm["kind"], tensors: ReadonlyMap<string, Value>): Value {
  const isMatching = kind === "key-matching";
  const value = isMatching ? keyMatching(graph, tensors.get(keyTensor)!) : subspaceValue(graph, kind, tensors);
  graph.output(kind, value);
  return multiply(value, reshape(graph.input(`${kind}.weight`, [1]), []));
}

/** Its inputs; `earlier` is what the orthogonality term reads. */
export function parameterTermFeeds(term: ParameterTerm, earlier: Feeds): Feeds {
  const own = term.kind === "key-matching" ? keyMatchingFeeds(term) : term.kind === "orthogonality" ? earlier : {};
  return { ...own, [`${term.kind}.weight`]: floats([term.weight]) };
}
