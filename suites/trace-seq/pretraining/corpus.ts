import { type RandomStream, random } from "../../../harness/contract/random.js";
import { drawQuestion, type Family } from "../family.js";
import { allWords } from "../lexicon.js";
import { tasks } from "../tasks/index.js";
import { unseenTasks } from "../unseen/index.js";
import { piecesOf } from "./byte-pair-encoding.js";
import { pretrainingFamilies } from "./families.js";
import { type Material, randomFamily } from "./random-template.js";

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
  /** Share of batches that are lists; the others are single questions. */
  lists: number;
  /** Lists in a batch, and tokens in each. */
  listsInBatch: number;
  listLength: number;
  /** Share of lists that only repeat a run of random tokens, which teaches to copy. */
  repetitions: number;
  /** Share of the other lists whose kind of question is made up at random rather than a family's. */
  randomLists: number;
  /** Single questions in a batch. */
  questionsInBatch: number;
  /** Weight of a single question's own tokens in the loss; the answer's weigh 1. */
  questionWeight: number;
}

/** The text of one instance in a list; a list is several of them on end, left open at `Input:` to ask for another. */
export function listEntry(input: string, output: string): string {
  return `Input: ${input}\nOutput: ${output}\n\n`;
}

/**
 * The batches of pretraining, each by its number. A batch contains lists of similar instances or single questions, which
 * are alone in their sequence as they are in an evaluation. `excluded` prompts never occur.
 */
export class Corpus {
  readonly #options: CorpusOptions;
  readonly #encoding: Encoding;
  readonly #excluded: ReadonlySet<string>;
  readonly #materials = randomMaterials();

  constructor(options: CorpusOptions, encoding: Encoding, excluded: ReadonlySet<string>) {
    this.#options = options;
    this.#encoding = encoding;
    this.#excluded = excluded;
  }

  /** The batch of that number: the same on every call. */
  batch(number: number): WeightedSequence[] {
    const { seed, lists, listsInBatch, questionsInBatch } = this.#options;
    const ofLists = random({ seed, stream: "pretraining-batch", step: number }).uniform() < lists;
    return Array.from({ length: ofLists ? listsInBatch : questionsInBatch }, (_, item) => {
      const stream = random({ seed, stream: "pretraining", step: number, item });
      return ofLists ? this.#list(stream) : this.#question(stream);
    });
  }

  #list(stream: RandomStream): WeightedSequence {
    const { listLength, repetitions, randomLists } = this.#options;
    const list: WeightedSequence = { tokens: [], weights: [] };
    if (stream.uniform() < repetitions) this.#addRepetition(list, stream);
    else {
      add(list, [this.#encoding.beginToken], 0);
      if (stream.uniform() < randomLists) this.#addRandomInstances(list, stream);
      else this.#addInstancesOfFamily(list, stream);
    }
    return { tokens: list.tokens.slice(0, listLength), weights: list.weights.slice(0, listLength) };
  }

  #addRepetition(list: WeightedSequence, stream: RandomStream): void {
    const run = Array.from({ length: 5 + stream.integer(35) }, () => stream.integer(this.#encoding.vocabularySize));
    add(list, run, 0);
    while (list.tokens.length < this.#options.listLength) add(list, run, 1);
  }

  /** The first instance of each body weighs nothing, since it cannot be known. */
  #addRandomInstances(list: WeightedSequence, stream: RandomStream): void {
    const bodies = randomFamily(pickByShare(this.#materials, stream).material, stream.pick([1, 1, 2, 3]), stream);
    const seen = new Set<number>();
    while (list.tokens.length < this.#options.listLength) {
      const body = stream.integer(bodies.length);
      const { input, output } = bodies[body]!(stream);
      add(list, this.#encoding.encode(listEntry(input, output)), seen.has(body) ? 1 : 0);
      seen.add(body);
    }
  }

  #addInstancesOfFamily(list: WeightedSequence, stream: RandomStream): void {
    const { family } = pickByShare(pretrainingFamilies, stream);
    const templates = stream.uniform() < 0.5 ? family.templates : [stream.pick(family.templates)];
    while (list.tokens.length < this.#options.listLength) {
      const { prompt, answer } = this.#draw(family, templates, stream);
      add(list, this.#encoding.encode(listEntry(prompt, answer)), 1);
    }
  }

  #question(stream: RandomStream): WeightedSequence {
    const { family } = pickByShare(pretrainingFamilies, stream);
    const { prompt, answer } = this.#draw(family, family.templates, stream);
    return questionSequence(this.#encoding, prompt, answer, this.#options.questionWeight);
  }

  #draw(family: Family, templates: Family["templates"], stream: RandomStream): { prompt: string; answer: string } {
    for (;;) {
      const question = drawQuestion(family, templates, allWords, stream);
      if (!this.#excluded.has(question.prompt)) return question;
    }
  }
}

/** A single question as a training sequence; its answer weighs 1. */
export function questionSequence(
  encoding: Encoding,
  prompt: string,
  answer: string,
  questionWeight = 0,
): WeightedSequence {
  const question: WeightedSequence = { tokens: [], weights: [] };
  add(question, [encoding.beginToken], 0);
  add(question, encoding.encode(prompt), questionWeight);
  add(question, [...encoding.encode(` ${answer}`), encoding.endToken], 1);
  return question;
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

/** Loose pieces of all the families' wordings, tasks included: words without their rules. By language: Chinese, others, mixed. */
function randomMaterials(): { material: Material; share: number }[] {
  const families = [...pretrainingFamilies.map(({ family }) => family), ...tasks, ...unseenTasks];
  const texts = families.flatMap(({ frame, templates, shiftedTemplates }) => [
    frame,
    ...[...templates, ...(shiftedTemplates ?? [])].map(({ text }) => text),
  ]);
  const pieces = [...new Set(texts.flatMap((text) => piecesOf(text.replace(/\{[^}]*\}/g, ""))))];
  const classes = Object.keys(allWords).filter((name) => !/Action$|^plainWord$/.test(name));
  const chinese = /[一-鿿，。？：]/u;
  const reserved = /\n|Input|Output/;
  const select = (matches: (text: string) => boolean): Material => {
    const selected = pieces.filter((piece) => !reserved.test(piece) && matches(piece));
    return {
      pieces: selected,
      marks: selected.filter((piece) => /^ ?\p{P}+$/u.test(piece)),
      lexicon: allWords,
      classes: classes.filter((name) => matches(allWords[name]![0]!)),
    };
  };
  return [
    { material: select((text) => chinese.test(text)), share: 0.25 },
    { material: select((text) => !chinese.test(text)), share: 0.6 },
    { material: select(() => true), share: 0.15 },
  ];
}

function pickByShare<Entry extends { share: number }>(entries: readonly Entry[], stream: RandomStream): Entry {
  let point = stream.uniform() * entries.reduce((sum, { share }) => sum + share, 0);
  for (const entry of entries) {
    point -= entry.share;
    if (point < 0) return entry;
  }
  return entries.at(-1)!;
}

function add(sequence: WeightedSequence, tokens: readonly number[], weight: number): void {
  for (const token of tokens) {
    sequence.tokens.push(token);
    sequence.weights.push(weight);
  }
}
