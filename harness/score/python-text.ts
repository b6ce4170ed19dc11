/** `string.punctuation`. */
export const asciiPunctuation = /[!-/:-@[-`{-~]/g;

/**
 * What Python calls white space (`str.isspace`). JavaScript's `\s` lacks U+001C to U+001F and U+0085 and adds U+FEFF, so
 * that trimming with it gives other answers than a reference implementation in Python. Written for a class of a pattern.
 */
export const pythonSpace = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const isSpace = new RegExp(`^[${pythonSpace}]$`, "u");
const spaces = new RegExp(`[${pythonSpace}]+`, "gu");

/** `text.strip()`, in time linear in the text. */
export function pythonStrip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace.test(text[start]!)) start++;
  while (end > start && isSpace.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** `text.split()`: the words between runs of white space; none for an empty text. */
export function pythonSplit(text: string): string[] {
  return text.split(spaces).filter((word) => word !== "");
}

/** `int(round(value))`: to the nearest whole number, halves to the even one. */
export function pythonRound(value: number): number {
  const below = Math.floor(value);
  const distance = value - below;
  if (distance !== 0.5) return distance < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
