import { canonicalJson } from "../contract/digest.js";
import type { TrainerRecord } from "../contract/result.js";

type Compared = Pick<TrainerRecord, "name" | "version" | "options">;

/** What the trainers of two sides differ in: a comparison is of all of it together. */
export function trainerNotes(baseline: Compared, candidate: Compared): string[] {
  if (baseline.name !== candidate.name) {
    return [`the trainers differ: ${baseline.name} in the baseline, ${candidate.name} in the candidate`];
  }
  const notes: string[] = [];
  if (baseline.version !== candidate.version) {
    notes.push(
      `version of ${baseline.name}: ${baseline.version} in the baseline, ${candidate.version} in the candidate`,
    );
  }
  const keys = new Set([...Object.keys(baseline.options), ...Object.keys(candidate.options)]);
  const phrase = (value: unknown) => (value === undefined ? "nothing" : canonicalJson(value));
  for (const key of keys) {
    const [before, now] = [phrase(baseline.options[key]), phrase(candidate.options[key])];
    if (before !== now) notes.push(`option ${key}: ${before} in the baseline, ${now} in the candidate`);
  }
  return notes;
}
