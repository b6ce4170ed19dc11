import type { Term } from "../../contract.js";
import type { Graph, Value } from "../graph/graph.js";
import {
  distillation,
  gather,
  multiply,
  pick,
  reshape,
  reverseDistillation,
  scale,
  subtract,
  sum,
  total,
} from "../graph/operators/index.js";
import { type Feeds, floats, integers } from "../graph/session.js";

/** A term over texts that is another function of the logits than the labels' log-likelihood. */
export type RowTerm = Extract<Term, { kind: (typeof kinds)[number] }>;

const kinds = ["distillation", "reverse-distillation", "logit-matching", "label-logit", "logit-norm"] as const;

export function isRowTerm(term: Term): term is RowTerm {
  return kinds.some((kind) => kind === term.kind);
}

/**
 * The weighted value of the i-th such term, a scalar, from the logits [selected rows, classes] that all terms share.
 * Inputs: `term.i.rows`, the term's own among the selected rows; `term.i.shares` [rows], the weight of each in the
 * objective; by kind `term.i.logits` [rows, classes], `term.i.temperature` [1] and `term.i.labels` [rows]. Output:
 * `term.i` [rows], the unweighted values.
 */
export function rowTerm(graph: Graph, kind: RowTerm["kind"], i: number, logits: Value): Value {
  const rows = `rows of term ${i}`;
  const classes = logits.shape[1]!;
  const own = gather(logits, graph.input(`term.${i}.rows`, [rows], "int32"));
  const given = () => graph.input(`term.${i}.logits`, [rows, classes]);
  const flat = (column: Value) => reshape(column, [rows]);
  const build: Record<RowTerm["kind"], () => Value> = {
    distillation: () => distillation(own, given(), graph.input(`term.${i}.temperature`, [1])),
    "reverse-distillation": () => reverseDistillation(own, given()),
    "logit-matching": () => {
      const difference = subtract(own, given());
      return scale(flat(sum(multiply(difference, difference), [1])), 1 / (classes as number));
    },
    "label-logit": () => pick(own, graph.input(`term.${i}.labels`, [rows], "int32")),
    "logit-norm": () => flat(sum(multiply(own, own), [1])),
  };
  const values = build[kind]();
  graph.output(`term.${i}`, values);
  return total(multiply(values, graph.input(`term.${i}.shares`, [rows])));
}

/** What `rowTerm` reads, for terms whose rows begin at `start`; `weights` are the rows' in the term's mean. */
export function rowTermFeeds(
  terms: readonly { term: RowTerm; start: number; weights: Float64Array }[],
  labels: ArrayLike<number>,
): Feeds {
  const feeds: Record<string, Feeds[string]> = {};
  for (const [i, { term, start, weights }] of terms.entries()) {
    const rows = Array.from(weights, (_, row) => start + row);
    feeds[`term.${i}.rows`] = integers(rows);
    feeds[`term.${i}.shares`] = floats(Array.from(weights, (own) => own * term.weight));
    feeds[`term.${i}.labels`] = integers(rows.map((row) => labels[row]!));
    const given = "teacher" in term ? term.teacher : "target" in term ? term.target : null;
    if (given) feeds[`term.${i}.logits`] = floats(given.values, [given.rows, given.classes]);
    if (term.kind === "distillation") feeds[`term.${i}.temperature`] = floats([term.temperature]);
  }
  return feeds;
}
