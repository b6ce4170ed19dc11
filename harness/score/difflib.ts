/** A run of equal elements: its key is `start in a` · (|b| + 1) + `start in b`. */
interface RunsOfLength {
  /** In order of their keys. */
  whole: number[];
  /** Pieces of longer runs, in any order. */
  clipped: number[];
}

/** The part of both sequences between two matched blocks. */
interface Region {
  aStart: number;
  aEnd: number;
  bStart: number;
  bEnd: number;
}

/**
 * `SequenceMatcher(None, a, b).ratio()` of Python's difflib over code points: twice the characters in matching blocks
 * over all characters (Ratcliff and Obershelp). In a `b` of 200 or more characters, those that make up more than 1% of
 * it start no block, as difflib has it. Not symmetric.
 *
 * difflib searches each region anew for its longest block. Here all runs of equal characters are found once and taken
 * by length; one that a block has cut in the meantime goes back with what remains of it. Single characters are matched
 * last, in one pass. With K pairs of equal characters, rare ones where b is long, this takes O(K log K).
 */
export function sequenceRatio(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0)!);
  const right = Array.from(b, (character) => character.codePointAt(0)!);
  const total = left.length + right.length;
  return total === 0 ? 1 : (2 * new BlockMatcher(left, right).matched()) / total;
}

class BlockMatcher {
  readonly #width: number;
  /** The places in b of every character that may start a block. */
  readonly #places: Map<number, number[]>;
  /** Runs of two characters and more, by length. */
  readonly #runs: RunsOfLength[] = [];
  readonly #regions: Region[];
  /** The region of each place of `a`; −1 inside a block. */
  readonly #regionOf: Int32Array;
  #matched = 0;

  constructor(
    private readonly a: readonly number[],
    private readonly b: readonly number[],
  ) {
    this.#width = b.length + 1;
    this.#places = rarePlaces(b);
    this.#regions = [{ aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }];
    this.#regionOf = new Int32Array(a.length);
    this.#collectRuns();
  }

  /** The number of characters of `a` in matching blocks. */
  matched(): number {
    for (let length = this.#runs.length - 1; length > 1; length--) {
      const runs = this.#runs[length];
      if (runs === undefined) continue;
      for (const key of inOrder(runs)) this.#take(Math.floor(key / this.#width), key % this.#width, length);
    }
    return this.#regions.reduce((sum, region) => sum + this.#matchSingles(region), this.#matched);
  }

  #collectRuns(): void {
    const { a, b } = this;
    // Lengths of the runs that end at each place of b, for the present and the previous place of a; 0 for none.
    let [now, before] = [new Int32Array(b.length + 1), new Int32Array(b.length + 1)];
    const none: number[] = [];
    let following = this.#places.get(a[0] ?? -1) ?? none;
    for (let i = 0; i < a.length; i++) {
      const present = following;
      following = this.#places.get(a[i + 1] ?? -1) ?? none;
      const next = following === none ? -1 : a[i + 1]!;
      for (const j of present) {
        const length = before[j]! + 1;
        now[j + 1] = length;
        if (length > 1 && b[j + 1] !== next) {
          this.#runsOf(length).whole.push((i - length + 1) * this.#width + (j - length + 1));
        }
      }
      if (i > 0) for (const j of this.#places.get(a[i - 1]!) ?? none) before[j + 1] = 0;
      [now, before] = [before, now];
    }
  }

  /** The characters that match in a region without a run of two that may start a block. */
  #matchSingles({ aStart, aEnd, bStart, bEnd }: Region): number {
    let [i, j, matched] = [aStart, bStart, 0];
    let [firstA, firstB] = [aStart, bStart];
    while (i < aEnd) {
      const places = this.#places.get(this.a[i]!);
      j = places === undefined ? bEnd : (firstFrom(places, firstB) ?? bEnd);
      if (j >= bEnd) {
        i++;
        continue;
      }
      const block = this.#extend({ aStart: firstA, aEnd, bStart: firstB, bEnd }, i, j, 1);
      matched += block.aEnd - block.aStart;
      matched += this.#sharedStart(firstA, block.aStart, firstB, block.bStart);
      [firstA, firstB] = [block.aEnd, block.bEnd];
      i = firstA;
    }
    return matched + this.#sharedStart(firstA, aEnd, firstB, bEnd);
  }

  /** Where only frequent characters are left, a block starts at the first place or nowhere. */
  #sharedStart(aStart: number, aEnd: number, bStart: number, bEnd: number): number {
    let size = 0;
    while (aStart + size < aEnd && bStart + size < bEnd && this.a[aStart + size] === this.b[bStart + size]) size++;
    return size;
  }

  /** A block with the equal characters before and after it, frequent ones included. */
  #extend({ aStart, aEnd, bStart, bEnd }: Region, i: number, j: number, length: number): Region {
    const { a, b } = this;
    let [firstA, firstB, endA, endB] = [i, j, i + length, j + length];
    while (firstA > aStart && firstB > bStart && a[firstA - 1] === b[firstB - 1]) {
      firstA--;
      firstB--;
    }
    while (endA < aEnd && endB < bEnd && a[endA] === b[endB]) {
      endA++;
      endB++;
    }
    return { aStart: firstA, aEnd: endA, bStart: firstB, bEnd: endB };
  }

  #runsOf(length: number): RunsOfLength {
    this.#runs[length] ??= { whole: [], clipped: [] };
    return this.#runs[length];
  }

  /** Makes a block of a run that lies in one region; what is left of one that was cut waits for its turn. */
  #take(i: number, j: number, length: number): void {
    for (let place = i; place < i + length; ) {
      const index = this.#regionOf[place]!;
      if (index === -1) {
        place++;
        continue;
      }
      const { aStart, aEnd, bStart, bEnd } = this.#regions[index]!;
      const skipped = Math.max(0, aStart - i, bStart - j);
      const end = Math.min(length, aEnd - i, bEnd - j);
      if (skipped === 0 && end === length) {
        this.#split(index, i, j, length);
        return;
      }
      if (skipped < end) {
        const rest = end - skipped;
        if (rest > 1) this.#runsOf(rest).clipped.push((i + skipped) * this.#width + (j + skipped));
        return;
      }
      place = aEnd;
    }
  }

  #split(index: number, i: number, j: number, length: number): void {
    const region = this.#regions[index]!;
    const block = this.#extend(region, i, j, length);
    this.#matched += block.aEnd - block.aStart;
    this.#regionOf.fill(-1, block.aStart, block.aEnd);
    const before = { ...region, aEnd: block.aStart, bEnd: block.bStart };
    const after = { ...region, aStart: block.aEnd, bStart: block.bEnd };
    // The smaller side gets the new number, so that each place is renumbered at most log₂ |a| times.
    const smaller = block.aStart - region.aStart > region.aEnd - block.aEnd ? after : before;
    this.#regions[index] = smaller === after ? before : after;
    this.#regionOf.fill(this.#regions.push(smaller) - 1, smaller.aStart, smaller.aEnd);
  }
}

/** The first of some ascending places that is not before `start`. */
function firstFrom(places: readonly number[], start: number): number | undefined {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return places[low];
}

/** The places of each character in b, without those that difflib takes for too frequent to start a block. */
function rarePlaces(b: readonly number[]): Map<number, number[]> {
  const places = new Map<number, number[]>();
  b.forEach((code, place) => {
    const known = places.get(code);
    if (known === undefined) places.set(code, [place]);
    else known.push(place);
  });
  if (b.length < 200) return places;
  const most = Math.floor(b.length / 100) + 1;
  for (const [code, found] of places) if (found.length > most) places.delete(code);
  return places;
}

/** Both lists of runs by key: the first in `a`, then the first in `b`. */
function* inOrder({ whole, clipped }: RunsOfLength): Generator<number> {
  const pieces = Float64Array.from(clipped).sort();
  let piece = 0;
  for (const key of whole) {
    while (piece < pieces.length && pieces[piece]! <= key) yield pieces[piece++]!;
    yield key;
  }
  while (piece < pieces.length) yield pieces[piece++]!;
}
