import { pythonSplit } from "./python-text.js";

/**
 * The tokenizer 13a of sacrebleu, equivalent to mteval-v13a of the WMT evaluations.
 * @returns at least one token: the empty text gives one empty token, as splitting it at spaces does in Python.
 */
export function tokenize13a(text: string): string[] {
  const separated = ` ${text
    .replaceAll("<skipped>", "")
    .replaceAll("-\n", "")
    .replaceAll("\n", " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")} `
    .replace(/[{-~[-` -&(-+:-@/]/g, " $& ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/g, "$1 $2 ");
  const tokens = pythonSplit(separated);
  return tokens.length === 0 ? [""] : tokens;
}
