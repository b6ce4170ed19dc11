import { fMeasure } from "../../score/scores.js";
import { unicodeTokens } from "../../score/tokens.js";

/** Pairs that the mean distance is taken over, evenly spread over all. */
const mostPairs = 5000;

/** Texts as bags of the words of one vocabulary, so that many pairs are compared in short time. */
class Bags {
  private readonly ids = new Map<string, number>();

  /** Token ids, ascending. */
  of(text: string): number[] {
    const ids = unicodeTokens(text).map((token) => {
      const id = this.ids.get(token) ?? this.ids.size;
      this.ids.set(token, id);
      return id;
    });
    return ids.sort((a, b) => a - b);
  }
}

/** F1 of the common tokens as multisets; two texts without any are alike. */
function overlap(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === b.length);
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      common++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  return fMeasure(common / b.length, common / a.length);
}

/**
 * How far written texts are from the real ones: for each, 1 minus the token F1 to its nearest real neighbor. Mean and
 * minimum over the texts, and how many are a real one word for word. Null without texts.
 */
export function novelty(
  written: readonly string[],
  real: readonly string[],
): { mean: number; lowest: number; copies: number } | null {
  if (written.length === 0 || real.length === 0) return null;
  const bags = new Bags();
  const neighbors = real.map((text) => bags.of(text));
  const distances = written.map((text) => {
    const own = bags.of(text);
    return 1 - neighbors.reduce((nearest, other) => Math.max(nearest, overlap(own, other)), 0);
  });
  const known = new Set(real.map((text) => text.trim()));
  return {
    mean: distances.reduce((sum, distance) => sum + distance, 0) / distances.length,
    lowest: Math.min(...distances),
    copies: written.filter((text) => known.has(text.trim())).length,
  };
}

/**
 * How unlike each other texts are: distinct token bigrams as a share of all (distinct-2; Li et al., 1510.03055), and
 * the mean of 1 minus token F1 over pairs. Null with fewer than two texts.
 */
export function diversity(texts: readonly string[]): { distinctBigrams: number; distance: number } | null {
  if (texts.length < 2) return null;
  const bigrams = texts.flatMap((text) => {
    const tokens = unicodeTokens(text);
    return tokens.slice(1).map((token, place) => `${tokens[place]} ${token}`);
  });
  const bags = new Bags();
  const own = texts.map((text) => bags.of(text));
  const pairs = (own.length * (own.length - 1)) / 2;
  const stride = Math.max(1, Math.ceil(pairs / mostPairs));
  let [sum, taken, place] = [0, 0, 0];
  for (let a = 0; a < own.length; a++) {
    for (let b = a + 1; b < own.length; b++) {
      if (place++ % stride !== 0) continue;
      sum += 1 - overlap(own[a]!, own[b]!);
      taken++;
    }
  }
  return {
    distinctBigrams: bigrams.length === 0 ? 0 : new Set(bigrams).size / bigrams.length,
    distance: sum / taken,
  };
}
