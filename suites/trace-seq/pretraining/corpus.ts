import { type RandomStream, random } from "../../../harness/contract/random.js";
import { drawQuestion, type Family } from "../family.js";
import { allWords } from "../lexicon.js";
import { tasks } from "../tasks/index.js";
import { unseenTasks } from "../unseen/index.js";
import { piecesOf } from "./byte-pair-encoding.js";
import { pretrainingFamilies } from "./families.js";
import { type Material, randomTemplate } from "./random-template.js";

/** A training sequence: tokens, and the weight of each in the loss. */
export interface WeightedSequence {
  tokens: number[];
  weights: number[];
}

/** What the corpus needs to know of the tokenizer. */
export interface Encoding {
  /** Adds no special tokens. */
  encode(text: string): number[];
  vocabularySize: number;
  beginToken: number;
  endToken: number;
}

/** How the corpus is mixed. */
export interface CorpusOptions {
  seed: number;
  /** Tokens of a sequence. */
  length: number;
  /** Share of sequences that repeat a random run of tokens, which teaches to copy. */
  repetitions: number;
  /** Share of sequences that are lists of similar instances. The rest are single questions. */
  lists: number;
  /** Share of lists whose template is random rather than a family's. */
  randomLists: number;
  /** Weight of a question's own tokens in the loss; the answer's weigh 1. */
  questionWeight: number;
}

/** The text of one instance in a list; a list is several of them on end, left open at `Input:` to ask for another. */
export function listEntry(input: string, output: string): string {
  return `Input: ${input}\nOutput: ${output}\n\n`;
}

/** The sequences of pretraining, each by its number; `excluded` prompts never occur. */
export class Corpus {
  readonly #options: CorpusOptions;
  readonly #encoding: Encoding;
  readonly #excluded: ReadonlySet<string>;
  readonly #material: Material = randomMaterial();

  constructor(options: CorpusOptions, encoding: Encoding, excluded: ReadonlySet<string>) {
    this.#options = options;
    this.#encoding = encoding;
    this.#excluded = excluded;
  }

  /** The sequence of that number: the same on every call. */
  sequence(number: number): WeightedSequence {
    const { seed, length, repetitions, lists } = this.#options;
    const stream = random({ seed, stream: "pretraining", item: number });
    const choice = stream.uniform();
    const sequence: WeightedSequence = { tokens: [], weights: [] };
    if (choice < repetitions) this.#addRepetition(sequence, stream);
    else if (choice < repetitions + lists) this.#addList(sequence, stream);
    else while (sequence.tokens.length < length) this.#addQuestion(sequence, stream);
    return { tokens: sequence.tokens.slice(0, length), weights: sequence.weights.slice(0, length) };
  }

  #addRepetition(sequence: WeightedSequence, stream: RandomStream): void {
    const run = Array.from({ length: 5 + stream.integer(35) }, () => stream.integer(this.#encoding.vocabularySize));
    add(sequence, run, 0);
    while (sequence.tokens.length < this.#options.length) add(sequence, run, 1);
  }

  #addList(sequence: WeightedSequence, stream: RandomStream): void {
    add(sequence, [this.#encoding.beginToken], 0);
    if (stream.uniform() < this.#options.randomLists) {
      const template = randomTemplate(this.#material, stream);
      for (let entry = 0; sequence.tokens.length < this.#options.length; entry++) {
        const { input, output } = template(stream);
        add(sequence, this.#encoding.encode(listEntry(input, output)), entry === 0 ? 0 : 1);
      }
      return;
    }
    const { family } = pickFamily(stream);
    const templates = stream.uniform() < 0.5 ? family.templates : [stream.pick(family.templates)];
    while (sequence.tokens.length < this.#options.length) {
      const { prompt, answer } = this.#draw(family, templates, stream);
      add(sequence, this.#encoding.encode(listEntry(prompt, answer)), 1);
    }
  }

  #addQuestion(sequence: WeightedSequence, stream: RandomStream): void {
    const { family } = pickFamily(stream);
    const { prompt, answer } = this.#draw(family, family.templates, stream);
    add(sequence, [this.#encoding.beginToken], 0);
    add(sequence, this.#encoding.encode(prompt), this.#options.questionWeight);
    add(sequence, [...this.#encoding.encode(` ${answer}`), this.#encoding.endToken], 1);
  }

  #draw(family: Family, templates: Family["templates"], stream: RandomStream): { prompt: string; answer: string } {
    for (;;) {
      const question = drawQuestion(family, templates, allWords, stream);
      if (!this.#excluded.has(question.prompt)) return question;
    }
  }
}

/** Texts that the tokenizer is trained on: questions of every family, so that the words of the tasks are whole tokens too. */
export function* tokenizerTexts(seed: number, questionsPerFamily: number): Generator<string> {
  const families = [...pretrainingFamilies.map(({ family }) => family), ...tasks, ...unseenTasks];
  for (const family of families) {
    const stream = random({ seed, stream: "tokenizer", task: family.id });
    const templates = [...family.templates, ...(family.shiftedTemplates ?? [])];
    for (let i = 0; i < questionsPerFamily; i++) {
      const { prompt, answer } = drawQuestion(family, templates, allWords, stream);
      yield `${prompt} ${answer}`;
      yield listEntry(prompt, answer);
    }
  }
}

/** Loose pieces of all the families' wordings, tasks included: words without their rules. */
function randomMaterial(): Material {
  const families = [...pretrainingFamilies.map(({ family }) => family), ...tasks, ...unseenTasks];
  const texts = families.flatMap(({ frame, templates, shiftedTemplates }) => [
    frame,
    ...[...templates, ...(shiftedTemplates ?? [])].map(({ text }) => text),
  ]);
  const pieces = new Set(texts.flatMap((text) => piecesOf(text.replace(/\{[^}]*\}/g, ""))));
  pieces.delete("\n");
  return {
    pieces: [...pieces],
    lexicon: allWords,
    classes: Object.keys(allWords).filter((name) => !/Action$|^plainWord$/.test(name)),
  };
}

const totalShare = pretrainingFamilies.reduce((sum, { share }) => sum + share, 0);

function pickFamily(stream: RandomStream): { family: Family } {
  let point = stream.uniform() * totalShare;
  for (const entry of pretrainingFamilies) {
    point -= entry.share;
    if (point < 0) return entry;
  }
  return pretrainingFamilies.at(-1)!;
}

function add(sequence: WeightedSequence, tokens: readonly number[], weight: number): void {
  for (const token of tokens) {
    sequence.tokens.push(token);
    sequence.weights.push(weight);
  }
}
