import type { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { BenchError } from "../../../harness/contract/errors.js";
import { boundedCall, CallTimeout } from "./bounded-call.js";

/** Ids that a tokenizer may have; the largest vocabularies have a million. */
const mostTokens = 4_000_000;
/** Times the length of a text after all replacements. */
const mostGrowth = 64;
const longestMilliseconds = 1000;
/** So much more for each character of a text. */
const millisecondsPerCharacter = 0.04;

/** What a pattern that backtracks without an end takes the longest for: something often, and then something else. */
const probes = ["a", "A1", " ", "\n", "1", "a ", "!", "_"].map((piece) => `${piece.repeat(64)}\u0000`);

/** Where words and what is not a letter end, after contractions and numbers: the same for Llama 3 and Qwen2. */
const splitAfter = (numbers: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** Patterns that take time in proportion to the text: of Llama 3, of Qwen2, and of the models that come with bench. */
export const linearPatterns: ReadonlySet<unknown> = new Set([
  splitAfter("\\p{N}{1,3}"),
  splitAfter("\\p{N}"),
  "\\n| ?\\p{N}|[\u4e00-\u9fff]| ?[\\p{P}\\p{S}]+| ?[^\\s\\p{N}\\p{P}\\p{S}\u4e00-\u9fff]+|[^\\S\\n]+(?!\\S)|[^\\S\\n]+",
]);

/**
 * Refuses ids of tokens for which a table would have to be as large as the largest of them.
 *
 * @throws MODEL_INVALID.
 */
export function checkTokenIds(file: string, definition: Record<string, unknown>): void {
  const { vocab } = (definition.model ?? {}) as { vocab?: unknown };
  const inVocabulary =
    vocab !== null && typeof vocab === "object" && !Array.isArray(vocab) ? Object.entries(vocab) : [];
  const added = Array.isArray(definition.added_tokens) ? definition.added_tokens : [];
  const ids = [...inVocabulary, ...added.map((token) => [token?.content, token?.id] as const)];
  const wrong = ids.find(([, id]) => !Number.isInteger(id) || (id as number) < 0 || (id as number) >= mostTokens);
  if (wrong === undefined) return;
  const [text, id] = wrong;
  throw new BenchError(
    "MODEL_INVALID",
    `The id of ${JSON.stringify(text)?.slice(0, 80)} is ${JSON.stringify(id)?.slice(0, 80)}, not a whole number below ${mostTokens}.`,
    { at: { file }, fix: "Save the tokenizer again with a current version of the tokenizers library." },
  );
}

interface Step {
  type?: unknown;
  pattern?: { String?: unknown; Regex?: unknown };
  content?: unknown;
  normalizers?: unknown;
  decoders?: unknown;
}

/** How many times as long a text can become by the replacements among some steps. */
function growthOf(step: unknown): number {
  const { type, pattern = {}, content, normalizers, decoders } = (step ?? {}) as Step;
  const inner = [normalizers ?? decoders ?? []].flat().map(growthOf);
  const within = inner.reduce((product, growth) => product * growth, 1);
  if (type !== "Replace" || typeof content !== "string") return within;
  const { String: text, Regex: expression } = pattern;
  if (typeof text === "string" && text !== "") return Math.max(1, content.length / text.length);
  return mayBeEmpty(expression) ? 1 + content.length : Math.max(1, content.length);
}

function mayBeEmpty(expression: unknown): boolean {
  try {
    return new RegExp(String(expression), "u").test("");
  } catch {
    return true; // written for another engine: the worst is assumed
  }
}

/**
 * Refuses replacements that make a text many times as long, each of what the one before made.
 *
 * @throws MODEL_INVALID.
 */
export function checkGrowth(file: string, { normalizer, decoder }: Record<string, unknown>): void {
  const growth = Math.max(growthOf(normalizer), growthOf(decoder));
  if (growth <= mostGrowth) return;
  throw new BenchError("MODEL_INVALID", `Its replacements make a text ${growth.toPrecision(3)} times as long.`, {
    at: { file },
    fix: "Do not use this tokenizer, or correct its normalizer and decoder.",
  });
}

/** Whether a tokenizer has steps that may take longer than in proportion to the text. */
export function needsBound({ normalizer, pre_tokenizer: splitter, decoder }: Record<string, unknown>): boolean {
  const steps = JSON.stringify([normalizer, splitter, decoder], (_key, step) =>
    step?.type === "Split" && linearPatterns.has(step.pattern?.Regex) ? null : step,
  );
  return /"(?:Regex|Replace|Split|Precompiled)"/.test(steps);
}

/** How calls of a tokenizer are bounded in time. */
export type Bound = <T>(characters: number, work: () => T) => T;

/**
 * A bound for the calls of a tokenizer whose steps are its own patterns and replacements, which are tried on texts that
 * such patterns fail on; others need none, and are spared the thread that watches each call.
 *
 * @throws MODEL_INVALID where one of the texts takes too long; so does a call of the bound.
 */
export function boundOf(file: string, definition: Record<string, unknown>, tokenizer: HuggingFaceTokenizer): Bound {
  if (!needsBound(definition)) return (_characters, work) => work();
  const bound: Bound = (characters, work) => {
    try {
      return boundedCall(Math.ceil(longestMilliseconds + millisecondsPerCharacter * characters), work);
    } catch (cause) {
      if (!(cause instanceof CallTimeout)) throw cause;
      throw new BenchError(
        "MODEL_INVALID",
        `The tokenizer cannot be used: for ${characters} characters ${cause.message}.`,
        {
          at: { file },
          cause,
          fix: "One of its patterns backtracks without an end: do not use it, or correct normalizer, pre_tokenizer and decoder.",
        },
      );
    }
  };
  bound(probes.join("").length, () => probes.map((text) => tokenizer.encode(text)));
  return bound;
}
