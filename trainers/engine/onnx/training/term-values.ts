import type { Objective, Term } from "../../contract.js";
import { isTextTerm } from "../../parts.js";
import type { Tensor } from "../graph/session.js";
import type { TrainingBatch } from "./batch.js";

type Result = Readonly<Record<string, Tensor>>;

/** The value of each term of an objective, unweighted, from what its graph put out. */
export function termValues(objective: Objective, batch: TrainingBatch | null, result: Result): number[] {
  const rows = batch?.terms[Symbol.iterator]();
  const count = { quadratic: 0, row: 0, attention: 0 };
  return objective.terms.map((term: Term) => {
    if (term.kind === "quadratic") return scalar(result[`quadratic.${count.quadratic++}`]!);
    if (!isTextTerm(term)) return scalar(result[term.kind]!);
    const { start, weights } = rows!.next().value!;
    if (term.kind === "attention-distillation") return scalar(result[`attention.${count.attention++}`]!);
    const isNll = term.kind === "language-modeling";
    const values = (isNll ? result.nll! : result[`term.${count.row++}`]!).data as Float32Array;
    return weights.reduce((sum, weight, i) => sum + weight * values[isNll ? start + i : i]!, 0);
  });
}

export function scalar(tensor: Tensor): number {
  return tensor.data[0] as number;
}
