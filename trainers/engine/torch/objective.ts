import type { Objective, TrainingSequence } from "../objective.js";
import { isTextTerm } from "../parts.js";

/** An objective as it crosses: a batch that several terms name crosses once. */
export interface SentObjective {
  terms: object[];
  batches: (readonly TrainingSequence[])[];
}

/** Terms name the places of their batches instead of the batches. */
export function sent({ terms }: Objective): SentObjective {
  const batches = [...new Set(terms.filter(isTextTerm).map(({ batch }) => batch))];
  return {
    terms: terms.map((term) => (isTextTerm(term) ? { ...term, batch: batches.indexOf(term.batch) } : term)),
    batches,
  };
}
