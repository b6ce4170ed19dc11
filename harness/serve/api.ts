import type { Readable } from "node:stream";

/** The calls of OpenAI's API that are answered by a model. */
export type ApiPath = "chat/completions" | "completions" | "embeddings";

/** A call as it reaches the model that answers it. */
export interface ApiCall {
  path: ApiPath;
  /** As the client sent it, checked to be an object. */
  body: Readonly<Record<string, unknown>>;
  /** Of the answer, as clients read it: what feedback names. */
  id: string;
  /** The name that the answer gives the model. */
  model: string;
  /** What goes along to a server that answers, such as the trace that the call belongs to. */
  headers?: Readonly<Record<string, string>>;
  /** Whose the call is, a digest of the key: what is kept of prompts is for calls of the same scope alone. */
  scope?(): string;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** An answer as it leaves the server. */
export interface ApiAnswer {
  status: number;
  contentType: string;
  body: string | Readable;
  /** Known when the body has ended, where the model is computed here. */
  prompt?: PromptTokens;
}

/** Tokens of prompts. */
export interface PromptTokens {
  all: number;
  /** Those that were not computed again. */
  cached: number;
}

/** What answers the calls for one version of a model. */
export interface Backend {
  /** Never rejects for a call that is wrong: that is an answer with its status. Rejects where the model failed. */
  answer(call: ApiCall): Promise<ApiAnswer>;
  /** Calls that wait or are computed. */
  readonly pending: number;
  /** Gives back memory and processes, when no call is under way. */
  close(): Promise<void>;
}

/** An error as clients of OpenAI's API understand it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: {
      type?: string;
      /** The parameter that is wrong. */
      param?: string;
      code?: string;
      /** Seconds after which the same call may succeed. */
      retryAfter?: number;
    } = {},
  ) {
    super(message);
  }

  /** The body of the answer. */
  toBody(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    const { type, param, code } = this.details;
    const kind = type ?? (this.status >= 500 ? "server_error" : "invalid_request_error");
    return { error: { message: this.message, type: kind, param: param ?? null, code: code ?? null } };
  }
}

/** The answer that says what is wrong. */
export const errorAnswer = (error: ApiError): ApiAnswer => ({
  status: error.status,
  contentType: "application/json",
  body: JSON.stringify(error.toBody()),
});

/** The texts of an answer that was given at once, by choice; undefined where it has none, such as that to `embeddings`. */
export function answerTexts(body: string): unknown[] | undefined {
  const { choices } = JSON.parse(body) as { choices?: { text?: unknown; message?: { content?: unknown } }[] };
  return choices?.map(({ text, message }) => text ?? message?.content);
}
