import { BenchError } from "../../harness/contract/errors.js";
import { inputText, type Part } from "../../harness/contract/suite.js";
import type { EngineRequest, ImageFile, Tokenizer, TrainingSequence } from "../engine/contract.js";
import type { TrainingItem } from "./strategy.js";

/** A prompt as a model gets it. */
export interface EncodedPrompt {
  tokens: number[];
  /** What its image tokens stand for, where it has some. */
  images?: ImageFile[];
  /** Whether the text was too long. */
  shortened: boolean;
}

/**
 * Text to tokens, the same for training, generation and scoring: [begin token] prompt, then " " + answer, then the
 * end token; or the prompt as a user's message in the model's chat template, then the answer as the template has it.
 * Loss falls on the answer and the end token only.
 *
 * A prompt that is too long loses what follows its instruction. The instruction stays, since without it the model cannot
 * tell what is asked: the first line and the lines after it that are empty or end in a colon; where the prompt is one
 * line, or its first line takes over half of the room, the first sentence; and where there is none, the first quarter of
 * the room. The end stays, too, with the cue (the last lines that are empty or end in a colon). Images stay whole: where
 * text is left out, they come before it.
 */
export class SequenceEncoder {
  readonly #tokenizer: Tokenizer;
  /** Longest sequence in tokens, answer included. */
  readonly maximum: number;
  #shortenedSequences = 0;
  readonly #sequences = new WeakMap<object, TrainingSequence>();

  readonly #images: readonly number[] | undefined;
  readonly #frame: Frame;
  readonly #begin: readonly number[];
  /** The begin token and what is put before a message. */
  readonly #before: readonly number[];
  readonly #after: readonly number[];

  /**
   * @param chat whether prompts go through the model's chat template, where it has one.
   * @param images how the model writes images; undefined where it takes text alone.
   */
  constructor(tokenizer: Tokenizer, maximum: number, chat = false, images?: readonly number[]) {
    this.#tokenizer = tokenizer;
    this.#images = images;
    this.maximum = maximum;
    this.#frame = (chat ? tokenizer.chat : null) ?? plainFrame;
    const before = tokenizer.encodeTemplate(this.#frame.before);
    // Most templates write the begin token themselves; where one leaves it to the tokenizer, it is put before it.
    const begins = tokenizer.beginToken === null || before[0] === tokenizer.beginToken;
    this.#begin = begins ? [] : [tokenizer.beginToken!];
    this.#before = [...this.#begin, ...before];
    this.#after = tokenizer.encodeTemplate(this.#frame.after);
  }

  /** Whether prompts go through a chat template. */
  get chat(): boolean {
    return this.#frame !== plainFrame;
  }

  /** How many sequences had a prompt that was shortened. */
  get shortenedSequences(): number {
    return this.#shortenedSequences;
  }

  /** The prompt's tokens, shortened so that `answerTokens` and an end token fit behind it. */
  prompt(input: readonly Part[], answerTokens: number): number[] {
    return this.encodePrompt(input, answerTokens).tokens;
  }

  /** The same, with its images, and whether it was shortened. Throws DATA_INVALID where its images do not fit. */
  encodePrompt(input: readonly Part[], answerTokens: number): EncodedPrompt {
    const room = this.#promptRoom(answerTokens);
    const images = input.flatMap((part) => (part.type === "image" ? [{ path: part.path, digest: part.digest }] : []));
    if (images.length > 0) return this.#withImages(input, images, room);
    const text = inputText(input);
    const tokens = this.#tokenizer.encode(text);
    const shortened = tokens.length > room;
    const kept = shortened ? this.#shorten(text, room) : tokens;
    if (!this.chat) return { tokens: [...this.#before, ...kept], shortened };
    return { tokens: this.#framed(shortened ? this.#tokenizer.decode(kept) : text, kept), shortened };
  }

  /** Image tokens are where the images are among the texts, which are tokenized one by one. */
  #withImages(input: readonly Part[], images: ImageFile[], room: number): EncodedPrompt {
    if (this.#images === undefined) {
      const fix = "Use a model with a vision tower.";
      throw new BenchError("INPUT_UNSUPPORTED", "An input has an image, and the model takes text alone.", { fix });
    }
    const placeholder = this.#images;
    const whole = input.flatMap((part) => (part.type === "image" ? placeholder : this.#tokenizer.encode(part.text)));
    const left = room - images.length * placeholder.length;
    if (left < 1) {
      const problem = `An input's ${images.length} images take ${room - left} tokens; there is room for ${room}.`;
      const fix = "Raise maxTokens, or use a model with a longer context or fewer tokens an image.";
      throw new BenchError("DATA_INVALID", problem, { at: { file: images[0]!.path }, fix });
    }
    const shortened = whole.length > room;
    const kept = shortened ? [...images.flatMap(() => placeholder), ...this.#shorten(inputText(input), left)] : whole;
    return { tokens: [...this.#before, ...kept, ...(this.chat ? this.#after : [])], images, shortened };
  }

  /** Whether a prompt stays whole. */
  fits(prompt: string, answerTokens: number): boolean {
    return this.#tokenizer.encode(prompt).length <= this.#promptRoom(answerTokens);
  }

  /**
   * The answer's tokens without the end token: those that follow the prompt's last line where both are tokenized as one
   * text. They are not always those of the answer alone, for instance where a tokenizer puts a space before each text.
   */
  answer(text: string, input: readonly Part[]): number[] {
    const { after, separator } = this.#frame;
    const encode = (whole: string) =>
      after === "" ? this.#tokenizer.encode(whole) : this.#tokenizer.encodeTemplate(whole);
    const context = lastLine(after === "" ? inputText(input) : after);
    const before = encode(context);
    const joint = encode(context + separator + text);
    if (before.every((token, index) => joint[index] === token)) return joint.slice(before.length);
    return this.#tokenizer.encode(separator + text); // they share a token: the prompt's side keeps it
  }

  /** The item's sequence with its first reference as answer; an answer longer than its room is cut and has no end. */
  sequence(item: TrainingItem): TrainingSequence {
    let sequence = this.#sequences.get(item.example);
    if (!sequence) {
      const full = [...this.answer(item.example.references[0]!, item.example.input), this.#tokenizer.endToken];
      const answer = full.slice(0, this.#answerRoom(item.task?.maxNewTokens ?? full.length));
      const {
        tokens: prompt,
        images,
        shortened,
      } = this.encodePrompt(item.example.input, item.task?.maxNewTokens ?? full.length);
      if (shortened) this.#shortenedSequences += 1;
      const weights = [...prompt.map(() => 0), ...answer.map(() => 1)];
      sequence = { tokens: [...prompt, ...answer], weights, ...(images && { images }) };
      this.#sequences.set(item.example, sequence);
    }
    return sequence;
  }

  /** How many tokens may be generated, so that the prompt keeps at least half of the sequence. */
  answerLimit(maxNewTokens: number): number {
    return Math.min(maxNewTokens, Math.floor(this.maximum / 2));
  }

  #promptRoom(answerTokens: number): number {
    const frame = this.#before.length + this.#after.length;
    return Math.max(1, this.maximum - frame - this.#answerRoom(answerTokens));
  }

  /** An answer, end token included, takes at most half of the sequence. */
  #answerRoom(answerTokens: number): number {
    return Math.min(answerTokens + 1, Math.floor(this.maximum / 2));
  }

  /**
   * A message between what the template puts around it, tokenized as one text where nothing in it looks like a special
   * token; else between the template's tokens.
   */
  #framed(text: string, message: readonly number[]): number[] {
    const { encodeTemplate, encode } = this.#tokenizer;
    const known = encodeTemplate(text);
    if (encode(text).some((token, index) => token !== known[index]))
      return [...this.#before, ...message, ...this.#after];
    return [...this.#begin, ...encodeTemplate(this.#frame.before + text + this.#frame.after)];
  }

  #shorten(text: string, room: number): number[] {
    const encode = (part: string) => this.#tokenizer.encode(part);
    const { instruction, body, cue } = splitPrompt(text);
    const end = encode(cue).slice(-Math.floor(room / 4));
    const fill = (start: number[], rest: number[]) => [
      ...start,
      ...rest.slice(Math.max(0, rest.length - (room - start.length - end.length))),
      ...end,
    ];
    for (const start of [instruction, firstSentence(instruction + body)]) {
      const tokens = encode(start);
      if (start !== "" && tokens.length <= room / 2)
        return fill(tokens, encode((instruction + body).slice(start.length)));
    }
    const whole = encode(instruction + body);
    return fill(whole.slice(0, Math.floor(room / 4)), whole.slice(Math.floor(room / 4)));
  }
}

/** What is put around a prompt, and between it and the answer. */
type Frame = NonNullable<Tokenizer["chat"]>;

const plainFrame: Frame = { before: "", after: "", separator: " " };

/** The last line of a text, with the line break before it. */
const lastLine = (text: string): string => text.slice(Math.max(0, text.trimEnd().lastIndexOf("\n")));

/** The text up to the first full stop, question or exclamation mark that ends some words; empty where there is none. */
function firstSentence(text: string): string {
  return /^.{10,}?[.?!](?=\s)|^.{4,}?[。？！]/su.exec(text)?.[0] ?? "";
}

/** A training sequence as the prompt's tokens, with its images, and those of the answer, the end token included. */
export function splitSequence({ tokens, weights, images }: TrainingSequence): {
  tokens: readonly number[];
  images?: readonly ImageFile[];
  answer: readonly number[];
} {
  const start = weights.findIndex((weight, index) => index > 0 && weight > 0);
  return { tokens: tokens.slice(0, start), answer: tokens.slice(start), ...(images && { images }) };
}

/** A request for the log-likelihood of a training sequence's answer. */
export function answerRequest(
  id: string,
  sequence: TrainingSequence,
): EngineRequest & { continuation: readonly number[] } {
  const { answer, ...prompt } = splitSequence(sequence);
  return { id, ...prompt, continuation: answer };
}

/** A training sequence with further tokens before it, on which no loss falls. */
export function behind(prompt: readonly number[], sequence: TrainingSequence): TrainingSequence {
  const { tokens, weights } = sequence;
  return { ...sequence, tokens: [...prompt, ...tokens], weights: [...prompt.map(() => 0), ...weights] };
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
