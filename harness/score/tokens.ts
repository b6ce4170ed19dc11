/** Characters of scripts that are written without spaces between words: each is a separate token. */
const unspaced =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}";

const unicodeToken = new RegExp(`[${unspaced}]|(?:(?![${unspaced}])[\\p{L}\\p{M}\\p{N}])+`, "gu");
const unspacedCharacter = new RegExp(`[${unspaced}]`, "gu");
const wordCharacter = new RegExp(`^(?![${unspaced}])[\\p{L}\\p{M}\\p{N}_]$`, "u");

/** Lower-cased words of any script; characters of scripts without spaces are separate. Punctuation is dropped. */
export function unicodeTokens(text: string): string[] {
  return text.toLowerCase().match(unicodeToken) ?? [];
}

/** Puts spaces around the characters of scripts that have none, so that they become words. */
export function spaceUnspacedScripts(text: string): string {
  return text.replace(unspacedCharacter, " $& ");
}

/** Whether a character continues a word: a letter, mark or digit of a script that separates words by spaces. */
export function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && wordCharacter.test(character);
}
