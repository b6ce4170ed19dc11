import type { ScorerReference } from "../../harness/contract/suite.js";

/** What the answers of a task say about how to score them and how long they are. */
export interface Inferred {
  scorer: ScorerReference;
  choices?: string[];
  /** Tokens. */
  maxNewTokens: number;
}

const mostLabels = 20;
const longestLabel = 40;
const fewestRowsALabel = 5;
const tokenLimits = { least: 4, most: 256 };
/** A first guess, which is part of the suite's digest; a run measures the answers again in its model's own tokens. */
const bytesPerToken = 2;

const wholeNumeral = /^[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/;

/**
 * Chooses a scorer from the answers: `####` before a final number, as in GSM8K → number with that marker; all numbers →
 * number; few short labels that come back → choice; else ROUGE-L. The limit leaves room for 99 of 100 answers.
 */
export function inferSettings(answers: readonly string[]): Inferred {
  const trimmed = answers.map((answer) => answer.trim());
  const maxNewTokens = limitOf(trimmed);
  if (trimmed.every((answer) => /^#### \S+$/m.test(answer))) {
    return { scorer: { name: "number", options: { marker: "####" } }, maxNewTokens };
  }
  if (trimmed.every((answer) => wholeNumeral.test(answer))) return { scorer: { name: "number" }, maxNewTokens };
  const labels = [...new Set(trimmed)].sort();
  const closed =
    labels.length >= 2 &&
    labels.length <= mostLabels &&
    labels.length * fewestRowsALabel <= trimmed.length &&
    labels.every((label) => label.length <= longestLabel && !label.includes("\n"));
  return closed
    ? { scorer: { name: "choice" }, choices: labels, maxNewTokens }
    : { scorer: { name: "rouge-l" }, maxNewTokens };
}

function limitOf(answers: readonly string[]): number {
  const lengths = answers.map((answer) => Buffer.byteLength(answer)).sort((a, b) => a - b);
  const covering = lengths[Math.ceil(lengths.length * 0.99) - 1]!;
  const { least, most } = tokenLimits;
  return Math.min(most, Math.max(least, Math.ceil(covering / bytesPerToken) + 1));
}
