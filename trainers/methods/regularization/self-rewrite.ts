import type { OptionsOf } from "../../../harness/contract/options.js";
import { type Example, type Part, textInput } from "../../../harness/contract/suite.js";
import type { Generation } from "../../../harness/contract/trainer.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Term, TrainingSequence, Vector } from "../../engine/contract.js";
import type { StepContext, Strategy, TaskContext, TrainingItem } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  temperature: Type.Number({ minimum: 0, default: 0, description: "Of the base model's rewriting; 0: greedy." }),
  keep: Type.Enum(["with-answer", "all"], {
    default: "with-answer",
    description: "Which rewritten answers are trained on: those that contain the answer of the data, or all.",
  }),
};

type SelfRewriteOptions = OptionsOf<typeof options>;

/** The paper's template, with the question and its answer. */
const promptOf = (question: readonly Part[], answer: string): Part[] => [
  ...textInput(
    "Below are an instruction that describes a task along with a reference answer. Using the reference answer as a guide, write your own response.\n### Instruction:\n",
  ),
  ...question,
  ...textInput(`\n### Reference Answer:\n${answer}\n### Response:`),
];

/**
 * Self-distillation by rewriting (SDFT; Yang et al., arXiv 2402.13669): before it is trained on, each answer y of a question x is
 * rewritten by the base model, ỹ ~ π_base(· | template, x, y), so that the data come from the base's own distribution; the loss is
 * −log π(ỹ | x) where what is extracted from ỹ equals y, else −log π(y | x). The paper extracts the final answers of mathematics;
 * here any ỹ will do that ended by itself within the task's limit and contains y, without regard to case and spaces. An item is
 * rewritten when it is first drawn. Privileges: none.
 */
export const selfRewrite = defineMethod({
  name: "self-rewrite",
  summary: "Trains on the answers as the base model writes them when it is shown question and answer.",
  source: "arXiv 2402.13669",
  version: 2,
  options,
  space: { keep: { values: ["with-answer", "all"] }, learningRate: rateRange },
  effort: () => 2,
  vectors: () => 1,
  strategy: (chosen) => new SelfRewriting(chosen),
});

class SelfRewriting implements Strategy {
  readonly usesOwnBatches = true;
  readonly ownLoss = false;
  readonly #options: SelfRewriteOptions;
  #base!: Vector;
  /** What each example is trained on. */
  #sequences = new WeakMap<Example, TrainingSequence>();
  #counts = { items: 0, rewritten: 0 };

  constructor(options: SelfRewriteOptions) {
    this.#options = options;
  }

  async open(model: Model): Promise<void> {
    this.#base = await model.snapshot();
  }

  async beforeTask(): Promise<void> {
    this.#counts = { items: 0, rewritten: 0 };
  }

  async beforeStep(step: StepContext): Promise<void> {
    const drawn = new Map(step.items.map((item) => [item.example, item]));
    const items = [...drawn.values()].filter(({ example }) => !this.#sequences.has(example));
    const limits = items.map((item) => limitOf(item, step));
    for (const limit of new Set(limits)) {
      await this.#rewrite(
        items.filter((_, i) => limits[i] === limit),
        limit,
        step,
      );
    }
  }

  /** What is written of an item depends on seed, task and item alone, not on what is drawn with it or when. */
  async #rewrite(items: readonly TrainingItem[], maxNewTokens: number, step: StepContext): Promise<void> {
    const { temperature } = this.#options;
    const requests = items.map((item) => ({
      ...step.request(withDemonstration(item)),
      id: `rewrite/${item.task?.id ?? ""}/${item.example.id}`,
      weights: this.#base,
    }));
    const written = await step.model.generate(requests, { temperature, seed: step.seed, maxNewTokens });
    for (const [index, item] of items.entries()) {
      const text = this.#accepted(item, written[index]!);
      this.#counts.items++;
      if (text !== undefined) this.#counts.rewritten++;
      const example = text === undefined ? item.example : { ...item.example, references: [text] };
      this.#sequences.set(item.example, step.sequence({ ...item, example }));
    }
  }

  terms({ items }: StepContext): Term[] {
    if (items.length === 0) return [];
    const batch = items.map(({ example }) => this.#sequences.get(example)!);
    return [{ kind: "language-modeling", batch, weight: 1 }];
  }

  async afterTask({ note }: TaskContext): Promise<void> {
    note("answers rewritten", this.#counts.rewritten);
    note("answers kept as they were", this.#counts.items - this.#counts.rewritten);
  }

  /** The rewritten answer, where it is trained on. */
  #accepted({ example }: TrainingItem, { text, finishReason }: Generation): string | undefined {
    const answer = text.trim();
    if (answer === "") return undefined;
    if (this.#options.keep === "all") return answer;
    const plain = (any: string) => any.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
    return finishReason !== "length" && plain(answer).includes(plain(example.references[0]!)) ? answer : undefined;
  }
}

/** The template with an item, in place of its question. */
function withDemonstration({ example, task }: TrainingItem): TrainingItem {
  return { example: { ...example, input: promptOf(example.input, example.references[0]!) }, task };
}

/** The limit of the item's task; of a general item, as many tokens as its answer has. */
function limitOf(item: TrainingItem, { sequence }: StepContext): number {
  return item.task?.maxNewTokens ?? sequence(item).weights.filter((weight) => weight > 0).length;
}
