/** Bits of a word; sums of two words stay below 2³¹. */
const wordBits = 30;
const allOnes = 2 ** wordBits - 1;

/** The places of a token: in which words of the bit vector, and the bits there. */
interface Places {
  words: Int32Array;
  masks: Int32Array;
}

/**
 * Longest common subsequences of one token sequence b with others, from bit vectors of the table of lengths L (Hyyrö
 * 2004): in the vector of row i, bit j is 0 where L[i][j + 1] = L[i][j] + 1. A row costs what the matches of its token
 * and their carries touch, at most |b| / 30 steps, so that a pair takes O(|a|·|b| / 30) time.
 */
export class SubsequenceIndex {
  readonly #words: number;
  readonly #places = new Map<string, Places>();
  #table = new Int32Array(0);

  constructor(private readonly b: readonly string[]) {
    this.#words = Math.ceil(b.length / wordBits);
    const found = new Map<string, number[]>();
    b.forEach((token, index) => {
      const known = found.get(token);
      if (known === undefined) found.set(token, [index]);
      else known.push(index);
    });
    for (const [token, indexes] of found) this.#places.set(token, placesOf(indexes));
  }

  /** Length of the longest common subsequence. */
  lengthWith(a: readonly string[]): number {
    const row = new Int32Array(this.#words).fill(allOnes);
    for (const token of a) this.#advance(row, 0, token);
    return zerosBefore(row, 0, this.b.length);
  }

  /**
   * The tokens of one longest common subsequence, last first: from the end of both sequences, an equal pair is taken;
   * else a token of `a` is passed over where that keeps a longer subsequence than passing over one of b, as the Python
   * package `rouge` 1.0.1 does.
   */
  subsequenceWith(a: readonly string[]): string[] {
    const { b } = this;
    const words = this.#words;
    const table = this.#tableOf(a.length + 1);
    a.forEach((token, index) => {
      table.copyWithin((index + 1) * words, index * words, (index + 1) * words);
      this.#advance(table, (index + 1) * words, token);
    });
    const found: string[] = [];
    let [i, j, length] = [a.length, b.length, zerosBefore(table, a.length * words, b.length)];
    while (length > 0) {
      if (a[i - 1] === b[j - 1]) {
        found.push(b[j - 1]!);
        i--;
        j--;
        length--;
        continue;
      }
      const rises = ((table[i * words + Math.floor((j - 1) / wordBits)]! >>> ((j - 1) % wordBits)) & 1) === 0;
      if (rises && zerosBefore(table, (i - 1) * words, j) === length) i--;
      else {
        j--;
        if (rises) length--;
      }
    }
    return found;
  }

  /** Room for the vectors of so many rows, used again from pair to pair; the first row is that of no token. */
  #tableOf(rows: number): Int32Array {
    const size = rows * this.#words;
    if (this.#table.length < size) this.#table = new Int32Array(size);
    return this.#table.fill(allOnes, 0, this.#words);
  }

  /** Turns the vector that begins at `start` into that of the next row, of the given token of `a`. */
  #advance(table: Int32Array, start: number, token: string): void {
    const places = this.#places.get(token);
    if (places === undefined) return;
    const { words, masks } = places;
    let carry = 0;
    let next = 0;
    for (let index = 0; index <= words.length; index++) {
      const word = index < words.length ? words[index]! : this.#words;
      for (; carry === 1 && next < word; next++) {
        const sum = table[start + next]! + 1;
        carry = sum >>> wordBits;
        table[start + next]! |= sum & allOnes;
      }
      if (index === words.length) return;
      const mask = masks[index]!;
      const old = table[start + word]!;
      const sum = old + (old & mask) + carry;
      carry = sum >>> wordBits;
      table[start + word] = (sum & allOnes) | (old & ~mask);
      next = word + 1;
    }
  }
}

function placesOf(indexes: readonly number[]): Places {
  const words: number[] = [];
  const masks: number[] = [];
  for (const index of indexes) {
    const word = Math.floor(index / wordBits);
    if (words.at(-1) !== word) {
      words.push(word);
      masks.push(0);
    }
    masks[masks.length - 1]! |= 1 << (index % wordBits);
  }
  return { words: Int32Array.from(words), masks: Int32Array.from(masks) };
}

function onesIn(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** L[i][j] from the vector of row i, which begins at `start`: the zeros among its first j bits. */
function zerosBefore(table: Int32Array, start: number, j: number): number {
  const whole = start + Math.floor(j / wordBits);
  let ones = 0;
  for (let word = start; word < whole; word++) ones += onesIn(table[word]!);
  if (j % wordBits > 0) ones += onesIn(table[whole]! & ((1 << (j % wordBits)) - 1));
  return j - ones;
}

/** Length of the longest common subsequence of two token sequences. */
export function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  return new SubsequenceIndex(b).lengthWith(a);
}
