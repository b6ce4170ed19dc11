import { Ajv, type ValidateFunction } from "ajv";
import type { Decoding } from "../../contract/trainer.js";
import { ApiError, type ApiPath } from "../api.js";

/** What is asked of a model, whichever call it came by. */
export interface Question {
  /** Prompts; a chat is one. */
  prompts: string[];
  decoding: Decoding;
  stream: boolean;
  /** Whether a stream ends with the numbers of tokens. */
  countStream: boolean;
}

const limit = { type: ["integer", "null"], minimum: 1, maximum: 100_000 };

const sampling = {
  max_tokens: limit,
  temperature: { type: ["number", "null"], minimum: 0, maximum: 2 },
  top_p: { type: ["number", "null"], exclusiveMinimum: 0, maximum: 1 },
  seed: { type: ["integer", "null"] },
  stop: {
    type: ["string", "array", "null"],
    minLength: 1,
    maxLength: 500,
    maxItems: 4,
    items: { type: "string", minLength: 1, maxLength: 500 },
  },
  stream: { type: ["boolean", "null"] },
  stream_options: {
    type: ["object", "null"],
    additionalProperties: false,
    properties: { include_usage: { type: "boolean" }, include_obfuscation: { type: "boolean" } },
  },
};

/** Parameters that the answer of a model here does not depend on, or whose only known value is what is done anyway. */
const neutral = {
  model: { type: "string" },
  n: { enum: [1, null] },
  user: {},
  metadata: {},
  store: {},
  service_tier: {},
  safety_identifier: {},
  prompt_cache_key: {},
  frequency_penalty: { enum: [0, null] },
  presence_penalty: { enum: [0, null] },
  logit_bias: { type: ["object", "null"], maxProperties: 0 },
};

const text = { type: "string", maxLength: 2_000_000 };

const part = {
  type: "object",
  required: ["type", "text"],
  properties: { type: { const: "text" }, text },
  additionalProperties: false,
};

const schemas = {
  "chat/completions": {
    required: ["messages"],
    properties: {
      ...neutral,
      ...sampling,
      max_completion_tokens: limit,
      logprobs: { enum: [false, null] },
      top_logprobs: { enum: [0, null] },
      response_format: { type: ["object", "null"], properties: { type: { const: "text" } } },
      modalities: { type: ["array", "null"], items: { const: "text" } },
      messages: {
        type: "array",
        minItems: 1,
        maxItems: 1000,
        items: {
          type: "object",
          required: ["role", "content"],
          additionalProperties: false,
          properties: {
            role: { enum: ["system", "developer", "user", "assistant"] },
            content: { anyOf: [text, { type: "array", minItems: 1, maxItems: 100, items: part }] },
            name: { type: "string" },
          },
        },
      },
    },
  },
  completions: {
    required: ["prompt"],
    properties: {
      ...neutral,
      ...sampling,
      logprobs: { enum: [0, null] },
      echo: { enum: [false, null] },
      best_of: { enum: [1, null] },
      suffix: { enum: ["", null] },
      prompt: { anyOf: [text, { type: "array", minItems: 1, maxItems: 64, items: text }] },
    },
  },
  embeddings: {
    required: ["input"],
    properties: {
      model: { type: "string" },
      user: {},
      encoding_format: { enum: ["float", "base64", null] },
      input: { anyOf: [text, { type: "array", minItems: 1, maxItems: 2048, items: text }] },
    },
  },
} satisfies Record<ApiPath, object>;

const ajv = new Ajv({ code: { optimize: false }, verbose: true, allowUnionTypes: true, strictTypes: false });
const validators = Object.fromEntries(
  Object.entries(schemas).map(([path, schema]) => [
    path,
    ajv.compile({ type: "object", additionalProperties: false, ...schema }),
  ]),
) as Record<ApiPath, ValidateFunction>;

/** The limit of an answer where the client gives none. */
const usualLimit = 256;

/**
 * Reads the body of a call for text.
 *
 * @throws ApiError 400 that names the parameter which is wrong, or is not understood.
 */
export function readQuestion(path: Exclude<ApiPath, "embeddings">, body: Readonly<Record<string, unknown>>): Question {
  check(path, body);
  const asked = body as Partial<Sampling>;
  const { temperature, top_p: topP, seed, stop, stream, stream_options: options } = asked;
  const most = asked.max_completion_tokens ?? asked.max_tokens;
  const decoding: Decoding = {
    maxNewTokens: most ?? usualLimit,
    temperature: temperature ?? 1, // as the API has it
    ...(topP != null && { topP }),
    ...(seed != null && { seed }),
    ...(stop != null && { stop: [stop].flat() }),
  };
  const prompts =
    path === "completions"
      ? [body.prompt as string | string[]].flat()
      : [(body.messages as Message[]).map(({ content }) => contentText(content)).join("\n\n")];
  if (stream && prompts.length > 1) {
    throw new ApiError(400, "several prompts cannot be streamed in one call", { param: "prompt" });
  }
  return { prompts, decoding, stream: stream === true, countStream: options?.include_usage === true };
}

/** Reads the body of a call for embeddings. Throws as `readQuestion` does. */
export function readTexts(body: Readonly<Record<string, unknown>>): { texts: string[]; base64: boolean } {
  check("embeddings", body);
  return { texts: [body.input as string | string[]].flat(), base64: body.encoding_format === "base64" };
}

interface Sampling {
  max_tokens: number | null;
  max_completion_tokens: number | null;
  temperature: number | null;
  top_p: number | null;
  seed: number | null;
  stop: string | string[] | null;
  stream: boolean | null;
  stream_options: { include_usage?: boolean } | null;
}

interface Message {
  content: string | { text: string }[];
}

const contentText = (content: Message["content"]): string =>
  typeof content === "string" ? content : content.map((each) => each.text).join("");

function check(path: ApiPath, body: Readonly<Record<string, unknown>>): void {
  const validate = validators[path];
  if (validate(body)) return;
  const { instancePath, keyword, params, message } = validate.errors![0]!;
  const place = instancePath.slice(1).replaceAll("/", ".");
  if (keyword === "additionalProperties") {
    const param = [place, params.additionalProperty as string].filter((name) => name !== "").join(".");
    throw new ApiError(400, `"${param.slice(0, 100)}" is not understood by this server`, {
      param: param.slice(0, 100),
      code: "unsupported_parameter",
    });
  }
  const allowed = keyword === "enum" || keyword === "const" ? `: ${JSON.stringify(Object.values(params)[0])}` : "";
  throw new ApiError(400, `${place === "" ? "the body" : `"${place}"`} ${message}${allowed}`, { param: place });
}
