import type { Part } from "../suite.js";

/** How text is generated. Greedy unless a temperature is given. */
export interface Decoding {
  maxNewTokens: number;
  stop?: string[];
  temperature?: number;
  topP?: number;
  repetitionPenalty?: number;
  seed?: number;
}

/** How an answer may end. */
export const finishReasons = ["end", "length", "stop", "filtered", "failed"] as const;
/** How an answer ended. */
export type FinishReason = (typeof finishReasons)[number];

/** A question to a learner. */
export interface GenerationRequest {
  id: string;
  input: Part[];
  /** Only if the trainer declared `taskIdAtTest`. */
  taskId?: string;
  /** Whose the question is, where learners keep what was computed of a prompt: it is used again for the same scope alone. */
  scope?: string;
}

/** Hears of answers while they are written, by their index among the requests. */
export interface GenerationObserver {
  /** Tokens of a prompt. */
  prompt?(index: number, tokens: number): void;
  /** The text of an answer so far, whose end may still change. */
  text?(index: number, text: string): void;
  /** Asked between two tokens where the learner can: whether nobody waits for an answer any more. `generate` then throws CANCELLED. */
  cancelled?(index: number): boolean;
}

/** A learner's answer. */
export interface Generation {
  text: string;
  /** Tokens generated, the end token included; null where a server does not count them. */
  tokens: number | null;
  /** `filtered`: a server withheld the answer; `failed`: its response contains no answer. The text is empty then. */
  finishReason: FinishReason;
  /** What a model wrote for itself before its answer; kept in the sample, not scored. */
  reasoning?: string;
  /** The name that a server answered by, where it is not the one that was asked for. */
  answeredBy?: string;
  /** Tokens of the prompt whose keys and values were there already; absent where none are kept. */
  cachedTokens?: number;
  /** True where the prompt was too long and was shortened. */
  shortened?: boolean;
  /** Ids of the documents that were found for it, the best first, where it is of a suite with documents. */
  retrieved?: string[];
  /** What the answer rests on, such as ids of retrieved passages; kept in the sample, not scored. */
  evidence?: string[];
}

/** A continuation whose likelihood is asked for. */
export interface ScoreRequest {
  id: string;
  input: Part[];
  /** What follows the input behind one space. */
  continuation: string;
  /** Only if the trainer declared `taskIdAtTest`. */
  taskId?: string;
}
