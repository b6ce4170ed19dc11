import { nullable, type OptionsOf } from "../../../harness/contract/options.js";
import { textInput } from "../../../harness/contract/suite.js";
import { Type } from "../../../harness/contract/type.js";
import type { Logits, Model, Term, TrainingSequence, Vector } from "../../engine/contract.js";
import { blockEnd } from "../../training/blocks.js";
import { movedAverage } from "../../training/parameters.js";
import { splitSequence } from "../../training/sequences.js";
import { loadVectors, saveVectors } from "../../training/state.js";
import type { StepContext, Strategy, TrainingItem } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  temperature: Type.Number({ exclusiveMinimum: 0, default: 1, description: "Of the answers that the model samples." }),
  teacherRate: nullable(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.02,
      description:
        "Share of the model in its teacher's moving average after each step; null: the model itself teaches.",
    }),
  ),
  supervised: Type.Number({
    minimum: 0,
    default: 0,
    description: "Weight of the usual loss on the labels, which the method replaces; above 0 it is added.",
  }),
};

type SdftOptions = OptionsOf<typeof options>;

/**
 * On-policy self-distillation fine-tuning (SDFT; Shenfeld et al., arXiv 2601.19897): for each question x with its answer
 * c the model samples an answer y of its own, and is drawn to what its teacher would say: KL(π(·|x, y₍<t₎) ‖
 * π̄(·|c, x, y₍<t₎)), a mean over the tokens of y. The teacher is an exponential moving average of the model, shown the
 * question with its answer before the question. No label enters a loss, so that the model learns only as far as it can
 * learn in context.
 *
 * y is kept as text and tokenized again; where it was cut at the task's limit, it has no end. Privileges: none.
 */
export const sdft = defineMethod({
  name: "sdft",
  summary: "Draws the model's own answers to those that it gives when it is shown the solution before the question.",
  source: "arXiv 2601.19897",
  version: 1,
  options,
  space: {
    teacherRate: { values: [null, 0.005, 0.02, 0.1] },
    supervised: { values: [0, 0.1, 0.3, 1] },
    learningRate: rateRange,
  },
  capabilities: ["logits", "reverse-distillation"],
  effort: () => 2.2,
  vectors: (_, { teacherRate }) => (teacherRate === null ? 0 : 2),
  strategy: (chosen) => new SelfDistillation(chosen),
});

class SelfDistillation implements Strategy {
  readonly usesOwnBatches = true;
  readonly ownLoss = false;
  readonly #options: SdftOptions;
  #teacher: Vector | undefined;
  #batch: TrainingSequence[] = [];
  #answers: Logits | undefined;

  constructor(options: SdftOptions) {
    this.#options = options;
  }

  async open(model: Model): Promise<void> {
    if (this.#options.teacherRate !== null) this.#teacher = await model.snapshot();
  }

  async beforeStep(step: StepContext): Promise<void> {
    const { model, items, seed } = step;
    this.#answers = undefined;
    if (items.length === 0) return;
    const requests = items.map((item, i) => {
      const { answer: _, ...question } = splitSequence(step.sequence(item));
      return { id: `${step.view.index}/${step.step}/${i}`, ...question };
    });
    const maxNewTokens = Math.max(...items.map(({ task }) => task?.maxNewTokens ?? 1));
    const { temperature } = this.#options;
    const written = await model.generate(requests, { temperature, seed, maxNewTokens });
    const answered = items.map(({ example, task }, i) => ({
      example: { ...example, references: [written[i]!.text] },
      task,
    }));
    this.#batch = answered.map((item) => step.sequence(item));
    const shown = answered.map((item, i) => step.sequence(withDemonstration(item, items[i]!)));
    this.#answers = await model.logits(shown, this.#teacher);
  }

  terms({ batch }: StepContext): Term[] {
    if (!this.#answers) return [];
    const own: Term = { kind: "reverse-distillation", batch: this.#batch, teacher: this.#answers, weight: 1 };
    const weight = this.#options.supervised;
    return weight > 0 ? [own, { kind: "language-modeling", batch, weight }] : [own];
  }

  async afterStep({ model }: StepContext): Promise<void> {
    if (!this.#teacher) return;
    const rate = this.#options.teacherRate!;
    this.#teacher = await movedAverage(model, this.#teacher, 1 - rate, rate);
  }

  async save(directory: string, model: Model): Promise<void> {
    if (this.#teacher) saveVectors(directory, "teacher", { weights: await model.read(this.#teacher) });
  }

  async restore(directory: string, model: Model): Promise<void> {
    if (!this.#teacher) return;
    await model.free(this.#teacher);
    this.#teacher = await model.write(loadVectors(directory, "teacher").weights!);
  }
}

/** The item's question behind the same question with its right answer. */
function withDemonstration({ example, task }: TrainingItem, solved: TrainingItem): TrainingItem {
  const question = solved.example.input;
  const answer = textInput(` ${solved.example.references[0]!}${blockEnd}`);
  return { example: { ...example, input: [...question, ...answer, ...question] }, task };
}
