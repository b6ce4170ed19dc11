/** Special tokens, in the order of their ids from 0. */
export const specialTokens = { pad: "<|pad|>", begin: "<|begin|>", end: "<|end|>" } as const;

/**
 * How text is cut before merging: line breaks, digits and Han characters are separate; words and punctuation take one
 * space before them along. So pieces may be encoded apart wherever a line break, or a space before a word, divides them.
 */
const cut = String.raw`\n| ?\p{N}|[一-鿿]| ?[\p{P}\p{S}]+| ?[^\s\p{N}\p{P}\p{S}一-鿿]+|[^\S\n]+(?!\S)|[^\S\n]+`;

/** The pieces that merging never crosses. Joined, they are the text. */
export function piecesOf(text: string): string[] {
  return text.match(new RegExp(cut, "gu")) ?? [];
}

/**
 * Trains a byte-level byte-pair encoding (Sennrich et al., 1508.07909) and returns it as a Hugging Face `tokenizer.json`.
 * The most frequent pair is merged first, the earlier one in text order where two are equally frequent, until the
 * vocabulary is full or no pair occurs `minimumCount` times.
 */
export function trainTokenizer(texts: Iterable<string>, vocabularySize: number, minimumCount: number): object {
  const alphabet = byteAlphabet();
  const words = countWords(texts, alphabet);
  const vocabulary = [...Object.values(specialTokens), ...alphabet];
  const merges: [string, string][] = [];
  while (vocabulary.length < vocabularySize) {
    const best = mostFrequentPair(words);
    if (best === undefined || best.count < minimumCount) break;
    merges.push(best.pair);
    vocabulary.push(best.pair.join(""));
    for (const word of words) word.symbols = merge(word.symbols, best.pair);
  }
  return tokenizerFile(vocabulary, merges);
}

interface Word {
  symbols: string[];
  count: number;
}

function countWords(texts: Iterable<string>, alphabet: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const piece of piecesOf(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const encoder = new TextEncoder();
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([piece, count]) => ({ symbols: Array.from(encoder.encode(piece), (byte) => alphabet[byte]!), count }));
}

function mostFrequentPair(words: readonly Word[]): { pair: [string, string]; count: number } | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 1; i < symbols.length; i++) {
      const pair = `${symbols[i - 1]} ${symbols[i]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: [string, number] | undefined;
  for (const entry of counts) if (best === undefined || entry[1] > best[1]) best = entry;
  return best && { pair: best[0].split(" ") as [string, string], count: best[1] };
}

function merge(symbols: string[], [left, right]: [string, string]): string[] {
  const merged: string[] = [];
  for (const symbol of symbols) {
    if (symbol === right && merged.at(-1) === left) merged[merged.length - 1] = left + right;
    else merged.push(symbol);
  }
  return merged;
}

/** GPT-2's printable character for each byte: itself where it is printable, else one from U+0100 on. */
function byteAlphabet(): string[] {
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}

function tokenizerFile(vocabulary: readonly string[], merges: readonly [string, string][]): object {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Object.values(specialTokens).map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Split", pattern: { Regex: cut }, behavior: "Isolated", invert: false }, byteLevel],
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: specialTokens.begin, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: specialTokens.begin, type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { Sequence: { id: "B", type_id: 1 } },
      ],
      special_tokens: {
        [specialTokens.begin]: {
          id: specialTokens.begin,
          ids: [vocabulary.indexOf(specialTokens.begin)],
          tokens: [specialTokens.begin],
        },
      },
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      merges,
    },
  };
}
