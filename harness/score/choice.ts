import type { Score, Scorer } from "../contract/plugin.js";
import { isWordCharacter } from "./tokens.js";

interface ChoiceOptions {
  labels?: string[];
  rule?: "label" | "first-character";
}

/**
 * A label out of a closed set: the option `labels`, else the example's `choices`, else its references.
 *
 * Strict, rule `label`: the whole trimmed answer is the label; where the reference itself goes on after its label
 * ("B. Iron is a metal"), the answer must begin with the label. Rule `first-character`: answer and reference begin
 * with the same character, as TRACE scores ScienceQA. Extracted: the first label in the text that stands alone.
 * The score's `label` is the extracted one: lost format shows in `valid`, not in the confusion matrix. A reference
 * scored as an output gives the true label.
 */
export const choice: Scorer = {
  name: "choice",
  version: 1,
  summary: "A label out of a closed set: the whole answer, and the first label that stands alone in it.",
  source: "harness; first-character is TRACE's rule for ScienceQA (2310.06762)",
  options: {
    properties: {
      labels: {
        type: "array",
        items: { type: "string", minLength: 1 },
        minItems: 2,
        uniqueItems: true,
        description: "The closed set; the example's own choices when absent",
      },
      rule: {
        enum: ["label", "first-character"],
        description: "What the strict score compares: the label (when absent), or the first character only",
      },
    },
  },
  score(example, output, options) {
    const { labels: given, rule } = options as ChoiceOptions;
    const labels = (given ?? example.choices ?? example.references).toSorted((a, b) => b.length - a.length);
    const references = example.references.map((reference) => reference.trim());
    const truths = references.map((reference) => leadingLabel(reference, labels) ?? reference);
    const text = output.trim();

    const bare = rule !== "first-character" && references.every((reference) => labels.includes(reference));
    const formatted = bare ? labels.find((label) => label === text) : leadingLabel(text, labels);
    const right =
      rule === "first-character"
        ? references.some((reference) => text !== "" && firstCharacter(reference) === firstCharacter(text))
        : formatted !== undefined && truths.includes(formatted);
    const extracted = firstLabel(text, labels);

    const score: Score = {
      score: Number(right),
      extracted: Number(right || (extracted !== undefined && truths.includes(extracted))),
      valid: formatted !== undefined,
    };
    if (extracted !== undefined) score.label = extracted;
    return score;
  },
};

const firstCharacter = (text: string) => String.fromCodePoint(text.codePointAt(0) ?? 0);

function leadingLabel(text: string, labels: readonly string[]): string | undefined {
  return labels.find((label) => text.startsWith(label) && standsAlone(text, 0, label));
}

/** Labels of one character must match in case, since "a" is also a word; longer ones need not. */
function firstLabel(text: string, labels: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  for (let start = 0; start < text.length; start++) {
    const found = labels.find((label) => {
      const matches = label.length === 1 ? text[start] === label : lower.startsWith(label.toLowerCase(), start);
      return matches && standsAlone(text, start, label);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function standsAlone(text: string, start: number, label: string): boolean {
  const joinedBefore = isWordCharacter(label[0]) && isWordCharacter(text[start - 1]);
  const joinedAfter = isWordCharacter(label.at(-1)) && isWordCharacter(text[start + label.length]);
  return !joinedBefore && !joinedAfter;
}
