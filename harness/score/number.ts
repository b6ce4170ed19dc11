import type { Scorer } from "../contract/plugin.js";

interface NumberOptions {
  pick?: "first" | "last";
  marker?: string;
}

const numeral = /(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:(?<=\d)(?:\.\d+)?|\.\d+)/gu;

/** Full-width digits and signs, and the minus sign of typographers, as ASCII. */
function toAscii(text: string): string {
  return text
    .replace(/[\uff0b-\uff19]/gu, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
    .replaceAll("\u2212", "-");
}

/** All numbers in a text, in order; thousands may be separated by commas. */
function numbersIn(text: string): number[] {
  return [...toAscii(text).matchAll(numeral)].map(([match]) => Number(match.replaceAll(",", "")));
}

/** The number that a text is, with nothing around it. */
function wholeNumber(text: string): number | undefined {
  const trimmed = text.trim();
  const [found] = numbersIn(trimmed);
  return found !== undefined && toAscii(trimmed).replace(numeral, "") === "" ? found : undefined;
}

/**
 * Numbers compared by value (18 = 18.0 = "18"). Strict: the whole answer is the number, or the text after the first
 * `marker` on its line is. Extracted: the last (or first) number in the text. A reference with more than its number
 * around it, such as a worked solution, stands for the number after its marker, else for the one picked.
 */
export const number: Scorer = {
  name: "number",
  version: 1,
  summary: "A number: the whole answer, and the last or first number in it.",
  source: "harness; with marker #### the rule of GSM8K (2110.14168)",
  options: {
    properties: {
      pick: { enum: ["first", "last"], description: "Which number of the text is extracted; last when absent" },
      marker: { type: "string", minLength: 1, description: "What stands before the final answer, such as ####" },
    },
  },
  score(example, output, options) {
    const { pick, marker } = options as NumberOptions;
    const final = (text: string) => {
      if (marker === undefined) return wholeNumber(text);
      const [, after] = text.split(marker);
      return after === undefined ? undefined : wholeNumber(after.trim().split("\n", 1)[0]!);
    };
    const picked = (text: string) => numbersIn(text).at(pick === "first" ? 0 : -1);
    const truths = example.references.map((reference) => final(reference) ?? picked(reference));
    const strict = final(output);
    const right =
      strict === undefined ? example.references.some((text) => text.trim() === output.trim()) : truths.includes(strict);
    const extracted = picked(output);
    return {
      score: Number(right),
      extracted: Number(right || (extracted !== undefined && truths.includes(extracted))),
      valid: strict !== undefined,
    };
  },
};
