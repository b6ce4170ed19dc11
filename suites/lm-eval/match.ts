import type { Static } from "typebox";
import { defineScorer } from "../../harness/contract/define.js";
import { Type } from "../../harness/contract/type.js";
import { asciiPunctuation, pythonStrip } from "../../harness/score/python-text.js";
import { bestOver } from "../../harness/score/scores.js";
import { pythonPattern } from "./python-pattern.js";

const closed = { additionalProperties: false };
const plainFunctions = ["take_first", "remove_whitespace", "lowercase", "uppercase"] as const;

/** A step of lm-eval's `filter_list` that is known here. */
export const filterStep = Type.Union([
  Type.Object({ function: Type.Enum(plainFunctions) }, closed),
  Type.Object(
    {
      function: Type.Literal("regex"),
      regex_pattern: Type.Optional(Type.String()),
      group_select: Type.Optional(Type.Integer()),
      fallback: Type.Optional(Type.String()),
    },
    closed,
  ),
]);
export type FilterStep = Static<typeof filterStep>;

/** Names of the functions, for messages. */
export const filterFunctions = [...plainFunctions, "regex"];

/** What lm-eval's metric `exact_match` ignores. */
export const exactMatchOptions = {
  ignore_case: Type.Optional(Type.Boolean({ description: "Upper and lower case are the same" })),
  ignore_punctuation: Type.Optional(Type.Boolean({ description: "ASCII punctuation is removed" })),
  ignore_numbers: Type.Optional(Type.Boolean({ description: "ASCII digits are removed" })),
  regexes_to_ignore: Type.Optional(
    Type.Array(Type.String(), { description: "What these Python patterns match is removed first" }),
  ),
};

/**
 * lm-evaluation-harness' `exact_match` of a generated answer after its filters. One space before the answer, its
 * `target_delimiter`, is no part of an answer here.
 */
export const lmEvalMatch = defineScorer({
  name: "lm-eval-match",
  version: 1,
  summary: "exact_match of lm-eval after a task's filters: take_first, remove_whitespace, lowercase, uppercase, regex.",
  source: "lm-evaluation-harness (lm_eval/api/metrics.py, lm_eval/filters)",
  options: {
    ...exactMatchOptions,
    filter: Type.Array(filterStep, { default: [], description: "The steps that an answer goes through" }),
  },
  score({ references }, output, { filter, ...ignored }) {
    const answer = filter.reduce((text, step) => filtered(text, step), output);
    const plain = normalized(answer, ignored);
    const score = bestOver(references, (reference) => Number(normalized(reference, ignored) === plain));
    return { score, extracted: score, valid: pythonStrip(answer) !== "" };
  },
});

type Ignored = Partial<{
  ignore_case: boolean;
  ignore_punctuation: boolean;
  ignore_numbers: boolean;
  regexes_to_ignore: string[];
}>;

function normalized(text: string, { ignore_case, ignore_punctuation, ignore_numbers, regexes_to_ignore }: Ignored) {
  let result = text;
  for (const pattern of regexes_to_ignore ?? []) result = result.replace(pythonPattern(pattern), "");
  if (ignore_case) result = result.toLowerCase();
  if (ignore_punctuation) result = result.replace(asciiPunctuation, "");
  return ignore_numbers ? result.replace(/[0-9]/g, "") : result;
}

function filtered(text: string, step: FilterStep): string {
  if (step.function === "lowercase") return text.toLowerCase();
  if (step.function === "uppercase") return text.toUpperCase();
  if (step.function === "remove_whitespace") return pythonStrip(text);
  return step.function === "regex" ? selected(text, step) : text;
}

/** As lm_eval's RegexFilter: one of all matches; of several groups the first that is not empty. */
function selected(text: string, step: Extract<FilterStep, { function: "regex" }>): string {
  const { regex_pattern = "#### (\\-?[0-9\\.\\,]+)", group_select = 0, fallback = "[invalid]" } = step;
  const matches = [...text.matchAll(pythonPattern(regex_pattern))].map(([whole, ...groups]) =>
    groups.length < 2 ? (groups[0] ?? whole) : (groups.find((group) => group) ?? fallback),
  );
  const match = matches.at(group_select);
  return match === undefined ? fallback : pythonStrip(match);
}
