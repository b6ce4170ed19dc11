/**
 * What a terminal would obey rather than show, or show in another order: control characters but line feed and tab, C1,
 * marks and overrides of direction, invisible separators. Group 1: a color or weight, such as those of this program.
 */
const special =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(\u001b\[(?:[0-4]|2[2-4]|3[0-79]|49|9[0-7])m)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text as it may go to a terminal: foreign control characters are shown as `\u001b`. Inside JSON that is the same string.
 *
 * @param color keeps colors and weights.
 */
export function printable(text: string, color = false): string {
  return text.replace(special, (found: string, style: string | undefined) => {
    if (style === undefined) return escaped(found);
    return color ? style : escaped(found[0]!) + found.slice(1);
  });
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The first `most` UTF-16 code units of a text, without half a character at the end. */
export const head = (text: string, most: number): string => text.slice(0, most).replace(/[\ud800-\udbff]$/, "");

/** The first `most` characters of a text, and how many were left out. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = head(text, most);
  return `${kept}… (${text.length - kept.length} more characters)`;
}

/** A number of things: `1 order`, `3 orders`. */
export const plural = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? "" : "s"}`;
