import type { ComputeSettings } from "../../contract/engine.js";
import type { ErrorRecord } from "../../contract/errors.js";
import type { Decoding, Generation } from "../../contract/trainer.js";

/** What a worker opens a model with. */
export interface ModelSetup {
  /** Specifiers of the plug-ins. */
  plugins: string[];
  /** Name of the trainer that answers with a model as it is. */
  trainer: string;
  /** Its options, checked. */
  options: Record<string, unknown>;
  /** Directory of the model, or `base::adapter`. */
  model: string;
  /** Name of the engine that computes, where one opens the model. */
  engine?: string;
  compute: ComputeSettings;
  device: string;
  threads: number;
  chat: boolean;
}

/** Work for a worker. */
export type ModelTask =
  | { type: "open" }
  | { type: "generate"; requests: PromptRequest[]; decoding: Decoding; watched: boolean }
  | { type: "embed"; texts: string[] };

/** A prompt to be answered. */
export interface PromptRequest {
  /** Keys the random numbers of the answer. */
  id: string;
  prompt: string;
  scope: string | undefined;
  /** Tells the requests of a server apart. */
  number: number;
  /** One shared integer, not 0 once nobody waits for the answer any more. */
  cancelled: Int32Array;
}

/** What work comes to; undefined for vectors where the learner has none. Of opening: whether calls join each other. */
export type ModelValue = undefined | boolean | Answered[] | Float32Array[];

/** How work ended. */
export type ModelResult = { ok: true; value: ModelValue } | { ok: false; error: ErrorRecord };

/** An answer, with the tokens of its prompt where the learner counts them. */
export interface Answered extends Generation {
  promptTokens: number | null;
}

/** The text of an answer so far, which later text may still change at its end. */
export interface PartialText {
  /** The number of the request. */
  request: number;
  text: string;
}
