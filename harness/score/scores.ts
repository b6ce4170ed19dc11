import type { Score } from "../contract/plugin.js";
import { pythonStrip } from "./python-text.js";

/** A score of which nothing is extracted; valid where there is any answer at all. */
export function plainScore(score: number, output: string): Score {
  return { score, extracted: score, valid: output.trim() !== "" };
}

/** The best of a measure over the accepted answers. */
export function bestOver(references: readonly string[], measure: (reference: string) => number): number {
  return Math.max(0, ...references.map(measure));
}

/** Whether an answer is a reference: character for character where `raw`, else but for white space around both. */
export function isReference(references: readonly string[], output: string, raw = false): boolean {
  if (raw) return output !== "" && references.includes(output);
  const text = pythonStrip(output);
  return references.some((reference) => pythonStrip(reference) === text);
}

/** Harmonic mean of precision and recall; 0 where both are 0. */
export function fMeasure(precision: number, recall: number): number {
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
}
