type Part = Readonly<Record<string, unknown>> & { type?: unknown };

/** Word characters of Rust's patterns; the library takes those of Oniguruma, which have more, such as ². */
const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

const split = (pattern: string, behavior: string, invert: boolean): Part => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior,
  invert,
});

/** The pattern of GPT-2, which ByteLevel applies by itself; written out, its `\s` is that of Unicode. */
const gpt2 = split(
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "Isolated",
  false,
);

/** `\w+|[^\w\s]+`, the pattern of Whitespace. */
const words = split(`[${word}]+|[^${word}\\s]+`, "Removed", true);

/**
 * A tokenizer's definition as the library in JavaScript must be given it to do what `tokenizers` does: where it uses
 * JavaScript's own `\s`, `\w` and lower case, which differ from Rust's (U+FEFF, U+0085, marks, the final sigma), the same
 * is written out.
 */
export function portableDefinition(definition: Record<string, unknown>): Record<string, unknown> {
  const given = prefixBeforePattern(definition);
  return {
    ...given,
    pre_tokenizer: rewritten(given.pre_tokenizer, "pretokenizers", preTokenizerOf),
    normalizer: rewritten(given.normalizer, "normalizers", normalizerOf),
  };
}

/** The space that ByteLevel puts before a text is put there by the normalizer, so that the pattern can come after it. */
function prefixBeforePattern(definition: Record<string, unknown>): Record<string, unknown> {
  const { pre_tokenizer: given, normalizer } = definition;
  const part = (given ?? {}) as Part;
  if (part.type !== "ByteLevel" || part.use_regex === false || part.add_prefix_space !== true) return definition;
  const prefix = { type: "Replace", pattern: { Regex: "\\A(?! |\\z)" }, content: " " };
  return {
    ...definition,
    pre_tokenizer: { ...part, add_prefix_space: false },
    normalizer: { type: "Sequence", normalizers: [...(normalizer ? [normalizer] : []), prefix] },
  };
}

/** Each part in the place of what it is rewritten to; sequences stay sequences. */
function rewritten(part: unknown, list: string, change: (part: Part) => Part[]): unknown {
  if (part === null || typeof part !== "object") return part;
  const own = part as Part;
  const parts = own.type === "Sequence" ? (own[list] as Part[]) : [own];
  if (!Array.isArray(parts)) return part; // the library says what is wrong with it
  const changed = parts.flatMap((each) =>
    each?.type === "Sequence" ? (rewritten(each, list, change) as Part) : change(each),
  );
  return changed.length === 1 && own.type !== "Sequence" ? changed[0] : { type: "Sequence", [list]: changed };
}

function preTokenizerOf(part: Part): Part[] {
  if (part?.type === "Whitespace") return [words];
  // within a sequence, a prefix space comes before the pattern, which only the library's own can do
  const splits = part?.type === "ByteLevel" && part.use_regex !== false && part.add_prefix_space === false;
  return splits ? [gpt2, { ...part, use_regex: false }] : [part];
}

function normalizerOf(part: Part): Part[] {
  const lowers = part?.type === "BertNormalizer" && part.lowercase !== false;
  return lowers ? [{ type: "Replace", pattern: { String: "Σ" }, content: "σ" }, part] : [part];
}
