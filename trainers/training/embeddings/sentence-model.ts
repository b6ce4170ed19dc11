import { existsSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { BenchError } from "../../../harness/contract/errors.js";
import { resolveReference } from "../../../harness/hub.js";
import { readJsonFile } from "../../model/json-file.js";
import { openTextEncoder } from "../../model/tokenizer/tokenizer.js";
import { type Embedder, normalized } from "./embedder.js";

const files = ["model.onnx", "onnx/model.onnx"];
const known = ["input_ids", "attention_mask", "token_type_ids"];
const output = "last_hidden_state";

/** Tokens of a text where the model's configuration does not say how many it takes. */
const usualTokens = 512;

const opened = new Map<string, Promise<Embedder>>();

/**
 * A sentence-embedding model as sentence-transformers and Optimum export it: inputs `input_ids`, `attention_mask` and
 * perhaps `token_type_ids`, [texts, tokens] of int64; output `last_hidden_state`, [texts, tokens, dimension], of which
 * the mean over the attended tokens is taken and scaled to length 1 (Reimers & Gurevych, 1908.10084). One text at a
 * time on one thread, so that its vector does not depend on its companions. Opened once a process.
 *
 * @param reference a directory, or `hf://owner/name[@revision]`.
 * @throws MODEL_INVALID naming the file that is missing or at fault, HUB_UNAVAILABLE.
 */
export function openSentenceModel(reference: string): Promise<Embedder> {
  const model = opened.get(reference) ?? open(reference);
  opened.set(reference, model);
  model.catch(() => opened.delete(reference));
  return model;
}

async function open(reference: string): Promise<Embedder> {
  const { directory } = await resolveReference(reference, "sentence-model");
  const file = files.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new BenchError("MODEL_INVALID", `There is no ${files.join(" or ")} for sentence embeddings.`, {
      at: { file: directory },
      fix: "Export the model with `optimum-cli export onnx`, or name one that has ONNX files on the Hub.",
    });
  }
  const encode = openTextEncoder(directory);
  const limit = Math.min(tokenLimit(directory), usualTokens);
  const session = await startSession(file);
  return async (texts) => {
    const vectors: Float32Array[] = [];
    for (const text of texts) vectors.push(await embed(session, encode(text, limit)));
    return vectors;
  };
}

async function startSession(file: string): Promise<InferenceSession> {
  const session = await InferenceSession.create(file, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  }).catch((cause: Error) => {
    throw misfit(file, `The ONNX model cannot be opened: ${cause.message}.`, cause);
  });
  const strange = session.inputNames.filter((name) => !known.includes(name));
  if (strange.length > 0) throw misfit(file, `The ONNX model asks for the input "${strange[0]}".`);
  if (!session.outputNames.includes(output)) throw misfit(file, `The ONNX model has no output "${output}".`);
  return session;
}

function misfit(file: string, message: string, cause?: Error): BenchError {
  return new BenchError("MODEL_INVALID", message, {
    at: { file },
    cause,
    fix: `Export it for feature extraction: inputs ${known.join(", ")}; output ${output}.`,
  });
}

async function embed(session: InferenceSession, tokens: readonly number[]): Promise<Float32Array> {
  const row = (values: readonly number[]) =>
    new Tensor("int64", BigInt64Array.from(values, BigInt), [1, tokens.length]);
  const feeds: Record<string, Tensor> = {
    input_ids: row(tokens),
    attention_mask: row(tokens.map(() => 1)),
    token_type_ids: row(tokens.map(() => 0)),
  };
  const results = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])), [
    output,
  ]);
  const states = results[output]!;
  const dimension = states.dims[2]!;
  const mean = new Float32Array(dimension);
  const values = states.data as Float32Array;
  for (let i = 0; i < values.length; i++) mean[i % dimension]! += values[i]! / tokens.length;
  return normalized(mean);
}

/** The inputs at the model's positions. */
function tokenLimit(directory: string): number {
  const file = join(directory, "config.json");
  const positions = existsSync(file) ? readJsonFile(file).max_position_embeddings : undefined;
  return typeof positions === "number" ? positions : usualTokens;
}
