import { defineScorer } from "../contract/define.js";
import type { Score } from "../contract/plugin.js";
import { Type } from "../contract/type.js";
import { answerPart } from "./answer-part.js";
import { mentionsOf, standsAlone } from "./choice-mentions.js";
import { pythonStrip } from "./python-text.js";
import { isReference } from "./scores.js";

/**
 * A label out of a closed set: the option `labels`, else the example's `choices`, else its references.
 *
 * Strict, rule `label`: the whole trimmed answer is the label; where the reference itself goes on after its label
 * ("B. Iron is a metal"), the answer must begin with the label. Rule `first-character`: answer and reference begin
 * with the same character, as TRACE scores ScienceQA. With `raw`, white space counts and the whole answer is compared
 * with the whole reference, as TRACE does. Extracted, from what precedes a new question: the last label that is named
 * as the answer ("the answer is B", "B is correct"), else the first that is a separate word and not ruled out ("A is
 * wrong"); none where that one is joined to another ("A or B").
 * The score's `label` is the extracted one: lost format shows in `valid`, not in the confusion matrix. A reference
 * scored as an output gives the true label.
 */
export const choice = defineScorer({
  name: "choice",
  version: 2,
  summary: "A label out of a closed set: the whole answer, and the label that the text names as the answer.",
  source: "harness; first-character and raw are TRACE's rules (2310.06762)",
  options: {
    labels: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 2,
        uniqueItems: true,
        description: "The closed set; the example's own choices when absent",
      }),
    ),
    rule: Type.Optional(
      Type.Enum(["label", "first-character"], {
        description: "What the strict score compares: the label (when absent), or the first character only",
      }),
    ),
    raw: Type.Optional(
      Type.Boolean({ description: "Strict: the texts are compared as they are, white space included" }),
    ),
  },
  score(example, output, options) {
    const { labels: given, rule, raw = false } = options;
    const labels = (given ?? example.choices ?? example.references).toSorted((a, b) => b.length - a.length);
    const references = example.references.map(pythonStrip);
    const truths = references.map((reference) => leadingLabel(reference, labels) ?? reference);
    const text = pythonStrip(output);

    const bare = rule !== "first-character" && references.every((reference) => labels.includes(reference));
    const formatted = bare ? labels.find((label) => label === text) : leadingLabel(text, labels);
    const right =
      rule === "first-character"
        ? sameStart(raw ? example.references : references, raw ? output : text)
        : raw
          ? isReference(example.references, output, raw)
          : formatted !== undefined && truths.includes(formatted);
    const extracted = right && formatted !== undefined ? formatted : extractedLabel(text, labels);

    const score: Score = {
      score: Number(right),
      extracted: Number(right || (extracted !== undefined && truths.includes(extracted))),
      valid: formatted !== undefined,
    };
    if (extracted !== undefined) score.label = extracted;
    return score;
  },
});

function sameStart(references: readonly string[], text: string): boolean {
  const first = text.codePointAt(0);
  return first !== undefined && references.some((reference) => reference.codePointAt(0) === first);
}

function leadingLabel(text: string, labels: readonly string[]): string | undefined {
  return labels.find((label) => text.startsWith(label) && standsAlone(text, 0, label));
}

/** The label that an answer names; undefined where it names none or leaves it open between two. */
function extractedLabel(text: string, labels: readonly string[]): string | undefined {
  const mentions = mentionsOf(answerPart(text), labels);
  const meant = mentions.findLast(({ stated }) => stated) ?? mentions.find(({ negated }) => !negated);
  return meant === undefined || meant.joined ? undefined : meant.label;
}
