import { defineScorer } from "../contract/define.js";
import { Type } from "../contract/type.js";
import { answerPart } from "./answer-part.js";
import { decimalValue } from "./decimal.js";
import { pythonStrip } from "./python-text.js";
import { isReference } from "./scores.js";

const groups = "\\d{1,3}(?:([,' \\u00a0\\u2009\\u202f])\\d{3}(?:\\1\\d{3})*)(?!\\d)";
const numeral = new RegExp(
  `(?<![\\w.])[-+]?(?:(?:${groups}|\\d+)(?:\\.\\d+)?|\\.\\d+)(?:[eE][-+]?\\d{1,6}(?!\\w))?`,
  "gu",
);
const separators = /[,' \u00a0\u2009\u202f]/gu;

/** Full-width digits and signs, the typographers' minus and apostrophe, and LaTeX's separators, as plain text. */
function plain(text: string): string {
  return text
    .replace(/[\uff0b-\uff19]/gu, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
    .replaceAll("\u2212", "-")
    .replaceAll("\u2019", "'")
    .replace(/\{,\}|,\\!/g, ",")
    .replaceAll("\\,", "\u2009");
}

/** The values of all numbers in a text, in order; groups of three digits may be set off by commas, spaces, apostrophes. */
function numbersIn(text: string): string[] {
  return [...plain(text).matchAll(numeral)].map(([match]) => decimalValue(match.replace(separators, ""))!);
}

/** The number that a text is, with nothing around it. */
function wholeNumber(text: string): string | undefined {
  const stripped = plain(pythonStrip(text));
  return stripped.replace(numeral, "") === "" ? numbersIn(stripped)[0] : undefined;
}

/** A token of digits, dots and commas as the rules for markers find it; a dot at its end closes the sentence. */
function tokenValue(token: string | undefined): string | undefined {
  return token === undefined ? undefined : decimalValue(token.replace(/[,$]/g, "").replace(/\.$/, ""));
}

/** The first number after a marker and a space: what GSM8K's own evaluation reads, and strict-match of lm-eval. */
function markedNumber(text: string, marker: string): string | undefined {
  const literal = marker.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return tokenValue(new RegExp(`${literal} (-?[0-9.,]+)`).exec(text)?.[1]);
}

/** flexible-extract of lm-eval's gsm8k: the last thing that may be a number. */
function flexibleNumber(text: string): string | undefined {
  return tokenValue([...text.matchAll(/-?[$0-9.,]{2,}|-?[0-9]+/g)].at(-1)?.[0]);
}

/**
 * Numbers compared by exact decimal value (18 = 18.0 = "18"). Without a marker, strict: the whole answer is the number;
 * extracted: the last (or first) number before the model runs on into another question. With one, strict is GSM8K's
 * rule: the number that follows the first marker and a space, whatever comes after it ("#### 18 apples"). Extracted:
 * under rule `gsm8k` as without a marker, under `lm-eval` its flexible-extract. A reference with more around its number,
 * such as a worked solution, is worth the number after its marker, else the one picked.
 */
export const number = defineScorer({
  name: "number",
  version: 2,
  summary: "A number: the whole answer or what follows a marker, and the last or first number in it.",
  source: "harness; markers by the rules of GSM8K (2110.14168) and lm-evaluation-harness (gsm8k, version 3)",
  options: {
    pick: Type.Optional(
      Type.Enum(["first", "last"], { description: "Which number of the text is extracted; last when absent" }),
    ),
    marker: Type.Optional(
      Type.String({ minLength: 1, description: "What precedes the final answer; #### for a rule alone" }),
    ),
    rule: Type.Optional(
      Type.Enum(["gsm8k", "lm-eval"], { description: "How the number at the marker is found; gsm8k when absent" }),
    ),
    raw: Type.Optional(
      Type.Boolean({ description: "Strict: the answer is the reference's text, character for character" }),
    ),
  },
  score(example, output, options) {
    const { pick, rule, marker = rule && "####", raw } = options;
    const final = (text: string) => (marker === undefined ? wholeNumber(text) : markedNumber(text, marker));
    const picked = (text: string) => numbersIn(text).at(pick === "first" ? 0 : -1);
    const truths = example.references.map((reference) => final(reference) ?? picked(reference));
    const answer = answerPart(output);
    const strict = final(marker === undefined ? output : answer);
    const right = raw || strict === undefined ? isReference(example.references, output, raw) : truths.includes(strict);
    const extracted = rule === "lm-eval" ? flexibleNumber(answer) : picked(answer);
    return {
      score: Number(right),
      extracted: Number(right || (extracted !== undefined && truths.includes(extracted))),
      valid: strict !== undefined,
    };
  },
});
