import type { Score } from "../contract/plugin.js";

/** A score of which nothing is extracted; valid where there is any answer at all. */
export function plainScore(score: number, output: string): Score {
  return { score, extracted: score, valid: output.trim() !== "" };
}

/** The best of a measure over the accepted answers. */
export function bestOver(references: readonly string[], measure: (reference: string) => number): number {
  return Math.max(0, ...references.map(measure));
}

/** Harmonic mean of precision and recall; 0 where both are 0. */
export function fMeasure(precision: number, recall: number): number {
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}
