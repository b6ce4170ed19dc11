import { random } from "../../../harness/contract/random.js";
import { type Example, inputText, type Part } from "../../../harness/contract/suite.js";
import { Corpus, type Encoding, questionSequence, type WeightedSequence } from "../../trace-seq/pretraining/corpus.js";
import { paint } from "../pictures/scene.js";
import { abilities, abilityNames } from "./questions.js";
import { type Stage, visionRecipe } from "./recipe.js";

type Image = Extract<Part, { type: "image" }>;

/** A training sequence, with the picture that its image tokens stand for. */
export interface SeenSequence extends WeightedSequence {
  images?: Image[];
}

/** What batches need besides a tokenizer. */
export interface Surroundings {
  encoding: Encoding;
  image: readonly number[];
  /** Keeps a picture's file. */
  store: (pixels: Uint8Array) => Image;
  /** Training items of trace-seq's tasks. */
  taskItems: readonly Example[];
  /** Prompts that the text does not contain. */
  excluded: ReadonlySet<string>;
}

/** A question on a picture by its number: the same on every call. `split` separates those that are measured. */
export function visionItem(split: "train" | "probe", ability: string, item: number) {
  const key = { seed: visionRecipe.seed, task: `${split} ${ability}`, item };
  const { scene, question, answer } = abilities[ability]!(random({ ...key, stream: "vision-question" }));
  return { pixels: paint(scene, "familiar", random({ ...key, stream: "vision-picture" })), question, answer };
}

/** The batches of a stage by their numbers. */
export function visionBatches(around: Surroundings): (stage: Stage, step: number) => SeenSequence[] {
  const { seed, questions, questionsInBatch, taskItemsInBatch, generalFrom } = visionRecipe;
  const { encoding, image, store, taskItems, excluded } = around;
  const corpus = new Corpus(visionRecipe.general, encoding, excluded);
  const known = new Map<number, SeenSequence>();
  const seen = (item: number): SeenSequence => {
    const found = known.get(item);
    if (found !== undefined) return found;
    const ability = abilityNames[item % abilityNames.length]!;
    const { pixels, question, answer } = visionItem("train", ability, item);
    const { tokens, weights } = questionSequence(encoding, `\n${question}`, answer);
    const sequence = {
      tokens: [tokens[0]!, ...image, ...tokens.slice(1)],
      weights: [0, ...image.map(() => 0), ...weights.slice(1)],
      images: [store(pixels)],
    };
    known.set(item, sequence);
    return sequence;
  };
  return ({ name, textEvery }, step) => {
    const stream = random({ seed, stream: `vision-batch ${name}`, step });
    if (textEvery === null || step % textEvery !== textEvery - 1)
      return Array.from({ length: questionsInBatch }, () => seen(stream.integer(questions)));
    if (stream.integer(2) === 0) return corpus.batch(generalFrom + step);
    return stream
      .sample(taskItems, taskItemsInBatch)
      .map(({ input, references }) => questionSequence(encoding, inputText(input), references[0]!));
  };
}
