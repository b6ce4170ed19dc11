import { existsSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { BenchError } from "../../../harness/contract/errors.js";
import type { Tokenizer } from "../../engine/contract.js";
import { readJsonFile } from "../json-file.js";
import { readChatFrame } from "./chat-template.js";
import { portableDefinition } from "./definition.js";
import { boundOf, checkGrowth, checkTokenIds } from "./limits.js";

/**
 * Opens `tokenizer.json` of a model directory, with `tokenizer_config.json` where there is one.
 *
 * `endToken` is the tokenizer's `eos_token`, or else the model's `eos_token_id`. `beginToken` is null where the
 * tokenizer would not put it before a text by itself (as for Qwen2 and SmolLM2).
 */
export function openTokenizer(directory: string): Tokenizer {
  const { file, definition, config } = readDefinition(directory);
  const tokenizer = build(file, definition, config);
  // What looks like a special token in a text is text: those tokens are not known to this one.
  const plain = build(file, withoutSpecialTokens(definition), config);
  const bound = boundOf(file, definition, tokenizer);

  const encodeBy = (encoder: HuggingFaceTokenizer, text: string): number[] => {
    const { ids, tokens } = bound(text.length, () => encoder.encode(text, { add_special_tokens: false }));
    const unknown = (ids as (number | undefined)[]).indexOf(undefined);
    if (unknown < 0) return ids;
    throw new BenchError("MODEL_INVALID", `The vocabulary has no token for "${tokens[unknown]}".`, {
      at: { file },
      fix: "Use a model with a byte-level tokenizer, which encodes any text.",
    });
  };
  const idOf = (role: "bos_token" | "eos_token"): number | undefined => {
    const text = contentOf(config[role]);
    return text === null ? undefined : tokenizer.token_to_id(text);
  };
  const begin = idOf("bos_token");
  const prepends = config.add_bos_token === true || tokenizer.encode("a").ids[0] === begin;
  const modelEnds = endTokensOfModel(directory);
  const endToken = idOf("eos_token") ?? modelEnds[0];
  if (endToken === undefined) {
    throw new BenchError("MODEL_INVALID", "No end token: neither tokenizer_config.json nor config.json names one.", {
      at: { file: join(directory, "config.json") },
      fix: "Add eos_token to tokenizer_config.json.",
    });
  }
  const cleans = config.clean_up_tokenization_spaces === true;

  return {
    vocabularySize: [...tokenizer.get_vocab().values()].reduce((largest, id) => Math.max(largest, id), -1) + 1,
    endToken,
    endTokens: [...new Set([endToken, ...modelEnds])],
    beginToken: begin !== undefined && prepends ? begin : null,
    encode: (text) => encodeBy(plain, text),
    encodeTemplate: (text) => encodeBy(tokenizer, text),
    chat: readChatFrame(directory, config, {
      bos_token: contentOf(config.bos_token) ?? "",
      eos_token: contentOf(config.eos_token) ?? "",
    }),
    decode: (tokens) =>
      tokens.length === 0
        ? ""
        : bound(tokens.length, () =>
            tokenizer.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: cleans }),
          ),
  };
}

/**
 * What turns a text into the tokens of an encoder such as BERT, its special tokens included. A text beyond `limit`
 * loses its end, but not the token that closes it.
 */
export function openTextEncoder(directory: string): (text: string, limit: number) => number[] {
  const { file, definition, config } = readDefinition(directory);
  const tokenizer = build(file, definition, config);
  const bound = boundOf(file, definition, tokenizer);
  return (text, limit) => {
    const { ids } = bound(text.length, () => tokenizer.encode(text));
    return ids.length <= limit ? ids : [...ids.slice(0, limit - 1), ids.at(-1)!];
  };
}

/** The two files of a tokenizer. Throws MODEL_INVALID where they are absent, malformed or beyond the limits. */
function readDefinition(directory: string) {
  const file = join(directory, "tokenizer.json");
  const definition = readJsonFile(file);
  const configFile = join(directory, "tokenizer_config.json");
  const config = existsSync(configFile) ? readJsonFile(configFile) : {};
  checkTokenIds(file, definition);
  checkGrowth(file, definition);
  return { file, definition, config };
}

function build(file: string, definition: Record<string, unknown>, config: object): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(portableDefinition(definition), config);
  } catch (cause) {
    throw new BenchError("MODEL_INVALID", `The tokenizer cannot be used: ${(cause as Error).message}.`, {
      at: { file },
      cause,
      fix: "Save the tokenizer again with a current version of the tokenizers library.",
    });
  }
}

/** Special tokens are given in the configuration as text or as an object with `content`. */
function contentOf(token: unknown): string | null {
  if (typeof token === "string") return token;
  const content = (token as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : null;
}

/** What config.json and generation_config.json say that an answer ends by. Throws MODEL_INVALID where that is no token. */
function endTokensOfModel(directory: string): number[] {
  const files = ["config.json", "generation_config.json"].map((name) => join(directory, name));
  return files.filter(existsSync).flatMap((file) => {
    const ids = [readJsonFile(file).eos_token_id ?? []].flat();
    if (ids.every((id): id is number => Number.isSafeInteger(id) && (id as number) >= 0)) return ids;
    throw new BenchError("MODEL_INVALID", `eos_token_id is ${JSON.stringify(ids)}, which are no token ids.`, {
      at: { file },
      fix: "Correct it to a whole number, or a list of them.",
    });
  });
}

/** A tokenizer's definition in which the text of a special token is text like any other. */
function withoutSpecialTokens(definition: Record<string, unknown>): Record<string, unknown> {
  const { added_tokens: added } = definition;
  if (!Array.isArray(added)) return definition;
  return { ...definition, added_tokens: added.filter((token) => token?.special !== true) };
}
