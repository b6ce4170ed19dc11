import type { Logits, Objective, Term, TrainingSequence } from "./objective.js";

/** A term over the texts of a batch: a mean over their predicted tokens or, of attention, over the sequences. */
export type TextTerm = Extract<Term, { batch: readonly TrainingSequence[] }>;

export function isTextTerm(term: Term): term is TextTerm {
  return "batch" in term;
}

/** An objective on a part of its batches; the parts' gradients sum to that of the whole. */
export interface Part {
  readonly objective: Objective;
  /** For each of its terms: which of the whole's it is a part of, and its share of that term's mean. */
  readonly shares: readonly { term: number; share: number }[];
}

const isPredicted = (weight: number, index: number) => index > 0 && weight > 0;

/** Divides the batches of an objective into parts of at most `microBatch` sequences; other terms go with the first. */
export function partsOf({ terms, microBatch = Number.POSITIVE_INFINITY }: Objective): Part[] {
  const chunks = new Map<TextTerm["batch"], TrainingSequence[][]>();
  const chunksOf = (batch: TextTerm["batch"]): TrainingSequence[][] => {
    const known = chunks.get(batch) ?? chunked(batch, microBatch);
    chunks.set(batch, known);
    return known;
  };
  const count = Math.max(1, ...terms.map((term) => (isTextTerm(term) ? chunksOf(term.batch).length : 1)));
  return Array.from({ length: count }, (_, part) => {
    const own = terms.flatMap((term, index): { term: Term; index: number; share: number }[] => {
      if (!isTextTerm(term)) return part === 0 ? [{ term, index, share: 1 }] : [];
      const batch = chunksOf(term.batch)[part];
      if (!batch) return [];
      const sizeOf = term.kind === "attention-distillation" ? enteringOf : weightOf;
      const share = sizeOf(batch) / sizeOf(term.batch);
      const own = partOf(term, chunksOf(term.batch).slice(0, part).flat(), batch);
      return [{ term: { ...own, batch, weight: term.weight * share }, index, share }];
    });
    return {
      objective: { terms: own.map(({ term }) => term) },
      shares: own.map(({ index, share }) => ({ term: index, share })),
    };
  });
}

function chunked(batch: readonly TrainingSequence[], most: number): TrainingSequence[][] {
  const size = Math.min(most, batch.length);
  const count = Math.ceil(batch.length / size);
  return Array.from({ length: count }, (_, part) => batch.slice(part * size, (part + 1) * size));
}

function weightOf(batch: readonly TrainingSequence[]): number {
  return batch.reduce((sum, { weights }) => sum + weights.slice(1).reduce((own, weight) => own + weight, 0), 0);
}

function rowsOf(batch: readonly TrainingSequence[]): number {
  return batch.reduce((sum, { weights }) => sum + weights.filter(isPredicted).length, 0);
}

/** How many sequences something is predicted from: the others do not enter. */
function enteringOf(batch: readonly TrainingSequence[]): number {
  return batch.filter(({ weights }) => weights.some(isPredicted)).length;
}

/** The term with the logits or the attention that belong to a part, behind those of the sequences before it. */
function partOf(term: TextTerm, before: readonly TrainingSequence[], batch: readonly TrainingSequence[]): TextTerm {
  if (term.kind === "attention-distillation")
    return { ...term, teacher: term.teacher.slice(before.length, before.length + batch.length) };
  const [start, rows] = [rowsOf(before), rowsOf(batch)];
  const cut = ({ classes, values }: Logits): Logits => ({
    rows,
    classes,
    values: values.subarray(start * classes, (start + rows) * classes),
  });
  if (term.kind === "distillation" || term.kind === "reverse-distillation")
    return { ...term, teacher: cut(term.teacher) };
  return term.kind === "logit-matching" ? { ...term, target: cut(term.target) } : term;
}

/** The value of each term of an objective, from those of the terms of its parts. */
export function termsOf(
  objective: Objective,
  parts: readonly Part[],
  values: readonly (readonly number[])[],
): number[] {
  const terms = objective.terms.map(() => 0);
  for (const [index, { shares }] of parts.entries()) {
    for (const [i, { term, share }] of shares.entries()) terms[term]! += share * values[index]![i]!;
  }
  return terms;
}

/** The objective's value, from those of its terms. */
export function weighted({ terms }: Objective, values: readonly number[]): number {
  return terms.reduce((sum, { weight }, i) => sum + weight * values[i]!, 0);
}

/** The logits of several batches one after another. */
export function concatenateLogits(parts: readonly Logits[]): Logits {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let start = 0;
  for (const part of parts) {
    values.set(part.values, start);
    start += part.values.length;
  }
  return { rows, classes: parts[0]!.classes, values };
}
