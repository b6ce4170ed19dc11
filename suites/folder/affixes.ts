/** The text that all prompts begin with and the text that they all end with: instruction and cue. */
export interface Affixes {
  prefix: string;
  suffix: string;
}

/**
 * Finds what all texts share at both ends, in whole words and lines; nothing for fewer than two different texts.
 */
export function sharedAffixes(texts: readonly string[]): Affixes {
  const [first, ...others] = new Set(texts);
  if (first === undefined || others.length === 0) return { prefix: "", suffix: "" };
  const reversed = (text: string) => [...text].reverse().join("");
  const prefix = upToWhiteSpace(sharedStart(first, others));
  const rest = [first, ...others].map((text) => reversed(text.slice(prefix.length)));
  return { prefix, suffix: reversed(upToWhiteSpace(sharedStart(rest[0]!, rest.slice(1)))) };
}

const upToWhiteSpace = (text: string) => /^.*\s|/su.exec(text)![0];

function sharedStart(first: string, others: readonly string[]): string {
  let length = first.length;
  for (const text of others) {
    let same = 0;
    while (same < length && text[same] === first[same]) same++;
    length = same;
  }
  return first.slice(0, length);
}

/** The text between instruction and cue. */
export function bodyOf(prompt: string, { prefix, suffix }: Affixes): string {
  return prompt.slice(prefix.length, prompt.length - suffix.length);
}
