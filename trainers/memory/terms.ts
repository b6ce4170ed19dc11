const word = /[\p{L}\p{N}\p{M}]+/gu;
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/**
 * The terms of a text: NFKC, lower case, runs of letters, digits and marks; in scripts that write no spaces, each
 * character and each pair of neighbors. Made without the locale data of the system, so that every machine gives the same.
 */
export function termsOf(text: string): string[] {
  return [...text.normalize("NFKC").toLowerCase().matchAll(word)].flatMap(([run]) =>
    unspaced.test(run) ? unspacedTerms(run) : run,
  );
}

/** Runs of other scripts within the run stay whole. */
function unspacedTerms(run: string): string[] {
  const terms: string[] = [];
  let previous = "";
  let other = "";
  for (const character of run) {
    if (!unspaced.test(character)) {
      other += character;
      previous = "";
      continue;
    }
    if (other !== "") terms.push(other);
    other = "";
    terms.push(character);
    if (previous !== "") terms.push(previous + character);
    previous = character;
  }
  if (other !== "") terms.push(other);
  return terms;
}
