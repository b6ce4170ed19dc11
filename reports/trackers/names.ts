/**
 * Names that keep letters, digits and the given other characters of the originals, with `_` in place of the rest; of
 * names that would become equal, the later ones get a number. In the order of the originals.
 *
 * @param others characters of a class of a regular expression that are kept too.
 */
export function plainNames(names: readonly string[], others: string): string[] {
  const taken = new Set<string>();
  const forbidden = new RegExp(`[^\\p{L}\\p{N}_${others}]+|[. ]+(?=/|$)`, "gu"); // no file's name ends in dots or spaces
  return names.map((name) => {
    const plain = [...name.replace(forbidden, "_")].slice(0, longest).join("") || "_";
    let free = plain;
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${plain}_${number}`;
    taken.add(free.toLowerCase()); // files of some systems ignore case
    return free;
  });
}

/** Characters; names are also files, of at most 255 bytes. */
const longest = 60;
