import type { Objective, Term } from "../contract.js";
import type { TrainingBatch } from "./batch.js";
import type { Tensor } from "./session.js";
import { isSubspaceTerm } from "./subspaces.js";

/** The value of each term, unweighted, in order, from the outputs of a training graph. */
export function termValues(
  objective: Objective,
  batch: TrainingBatch | null,
  result: Readonly<Record<string, Tensor>>,
): number[] {
  const rows = batch?.terms[Symbol.iterator]();
  let quadratic = 0;
  let subspace = 0;
  return objective.terms.map((term: Term) => {
    if (term.kind === "quadratic") return scalar(result[`quadratic.${quadratic++}`]!);
    if (isSubspaceTerm(term)) return scalar(result[`subspace.${subspace++}`]!);
    const { start, weights } = rows!.next().value!;
    const nll = result.nll!.data as Float32Array;
    return weights.reduce((sum, weight, i) => sum + weight * nll[start + i]!, 0);
  });
}

/** Σ weight × term. */
export function weighted(objective: Objective, values: readonly number[]): number {
  return objective.terms.reduce((sum, { weight }, i) => sum + weight * values[i]!, 0);
}

/** The only element. */
export function scalar(tensor: Tensor): number {
  return tensor.data[0] as number;
}
