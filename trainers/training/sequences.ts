import { inputText, type Part } from "../../harness/contract/suite.js";
import type { Tokenizer, TrainingSequence } from "../engine/contract.js";
import type { TrainingItem } from "./strategy.js";

/**
 * Text to tokens, the same for training, generation and scoring: [begin token] prompt, then " " + answer, then the
 * end token. Loss falls on the answer and the end token only.
 *
 * A prompt that is too long loses the start of its body. Its instruction stays (the first line and the lines after it
 * that are empty or end in a colon), and so does its cue (the last such lines), since without them the model cannot
 * tell what is asked.
 */
export class SequenceEncoder {
  readonly #tokenizer: Tokenizer;
  /** Longest sequence in tokens, answer included. */
  readonly maximum: number;
  readonly #sequences = new WeakMap<object, TrainingSequence>();

  constructor(tokenizer: Tokenizer, maximum: number) {
    this.#tokenizer = tokenizer;
    this.maximum = maximum;
  }

  /** The prompt's tokens, shortened so that `answerTokens` and an end token fit behind it. */
  prompt(input: readonly Part[], answerTokens: number): number[] {
    const begin = this.#tokenizer.beginToken === null ? [] : [this.#tokenizer.beginToken];
    const room = this.#promptRoom(answerTokens);
    const text = inputText(input);
    const tokens = this.#tokenizer.encode(text);
    return begin.concat(tokens.length <= room ? tokens : this.#shorten(text, room));
  }

  /** Whether a prompt stays whole. */
  fits(prompt: string, answerTokens: number): boolean {
    return this.#tokenizer.encode(prompt).length <= this.#promptRoom(answerTokens);
  }

  /** The answer's tokens without the end token. */
  answer(text: string): number[] {
    return this.#tokenizer.encode(` ${text}`);
  }

  /** The item's sequence with its first reference as answer; an answer longer than its room is cut and has no end. */
  sequence(item: TrainingItem): TrainingSequence {
    let sequence = this.#sequences.get(item.example);
    if (!sequence) {
      const full = [...this.answer(item.example.references[0]!), this.#tokenizer.endToken];
      const answer = full.slice(0, this.#answerRoom(item.task?.maxNewTokens ?? full.length));
      const prompt = this.prompt(item.example.input, item.task?.maxNewTokens ?? full.length);
      sequence = { tokens: [...prompt, ...answer], weights: [...prompt.map(() => 0), ...answer.map(() => 1)] };
      this.#sequences.set(item.example, sequence);
    }
    return sequence;
  }

  /** How many tokens may be generated, so that the prompt keeps at least half of the sequence. */
  answerLimit(maxNewTokens: number): number {
    return Math.min(maxNewTokens, Math.floor(this.maximum / 2));
  }

  #promptRoom(answerTokens: number): number {
    return this.maximum - (this.#tokenizer.beginToken === null ? 0 : 1) - this.#answerRoom(answerTokens);
  }

  /** An answer, end token included, takes at most half of the sequence. */
  #answerRoom(answerTokens: number): number {
    return Math.min(answerTokens + 1, Math.floor(this.maximum / 2));
  }

  #shorten(text: string, room: number): number[] {
    const parts = splitPrompt(text);
    const instruction = this.#tokenizer.encode(parts.instruction).slice(0, Math.floor(room / 2));
    const cue = this.#tokenizer.encode(parts.cue).slice(-Math.floor(room / 4));
    const body = this.#tokenizer.encode(parts.body);
    const kept = room - instruction.length - cue.length;
    return [...instruction, ...body.slice(Math.max(0, body.length - kept)), ...cue];
  }
}

/** A training sequence as the prompt's tokens and those of the answer, the end token included. */
export function splitSequence({ tokens, weights }: TrainingSequence): {
  prompt: readonly number[];
  answer: readonly number[];
} {
  const start = weights.findIndex((weight, index) => index > 0 && weight > 0);
  return { prompt: tokens.slice(0, start), answer: tokens.slice(start) };
}

/** A prompt as instruction + body + cue; a prompt of one line is all body. */
export function splitPrompt(prompt: string): { instruction: string; body: string; cue: string } {
  const lines = prompt.split(/(?<=\n)/);
  const isLabel = (line: string) => /^\s*$|[:：]\s*$/.test(line);
  if (lines.length === 1) return { instruction: "", body: prompt, cue: "" };
  let start = 1;
  while (start < lines.length && isLabel(lines[start]!)) start++;
  let end = lines.length;
  while (end > start && isLabel(lines[end - 1]!)) end--;
  const join = (from: number, to: number) => lines.slice(from, to).join("");
  return { instruction: join(0, start), body: join(start, end), cue: join(end, lines.length) };
}
