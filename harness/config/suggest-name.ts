import { closest, distance } from "fastest-levenshtein";

/** The candidate that a misspelled name probably means, or undefined when none is near. */
function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const best = closest(name.toLowerCase(), candidates as string[]);
  const near = distance(name.toLowerCase(), best.toLowerCase()) <= Math.ceil(best.length / 3);
  return near || (name.length >= 3 && best.startsWith(name)) ? best : undefined;
}

/** One sentence that mends an unknown name: the near one, or all there are. */
export function suggestName(name: string, candidates: readonly string[]): string {
  const near = didYouMean(name, candidates);
  if (near !== undefined) return `Did you mean "${near}"?`;
  return candidates.length === 0 ? "There are none." : `There are: ${candidates.join(", ")}.`;
}
