import { anyType, nullable, type OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Logits, Model, Term, TrainingSequence, Vector } from "../../engine/contract.js";
import type { ShareSchedule, Source, StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { componentRatesOf, ratePresets } from "./part-rates.js";

const factor = (description: string) =>
  nullable(Type.Number({ minimum: 0, default: null, description: `${description} In place of the preset's.` }));
const weight = (value: number, description: string) =>
  anyType(
    Type.Number({ minimum: 0, default: value, description }),
    Type.Object(
      { from: Type.Number({ minimum: 0 }), to: Type.Number({ minimum: 0 }) },
      { additionalProperties: false },
    ),
  );

const options = {
  rates: Type.Enum(Object.keys(ratePresets) as (keyof typeof ratePresets)[], {
    default: "llava-1.5",
    description: "Factors on the learning rate of tower, projector and language model: a published ratio.",
  }),
  towerRate: factor("Factor of the vision tower; 0 freezes it."),
  projectorRate: factor("Factor of the projector."),
  languageRate: factor("Factor of the language model."),
  alignShare: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0,
    description: "Share of a task's steps, from its first, in which the projector alone is trained.",
  }),
  alignTasks: Type.Enum(["first", "every"], { default: "first", description: "Which tasks begin so." }),
  textItems: Type.Integer({
    minimum: 0,
    default: 200,
    description: "Text items of general ability that are replayed; 0 for none.",
  }),
  textShare: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.25,
    description: "Share of every batch that is such text, in place of questions on pictures.",
  }),
  textWeight: weight(0.5, "Weight of the text's own loss; { from, to } runs in a line over a task's steps."),
  distillWeight: weight(
    0.5,
    "Weight of the distillation on the text; { from, to } runs in a line over a task's steps.",
  ),
  temperature: Type.Number({ exclusiveMinimum: 0, default: 2, description: "Softens both distributions." }),
};

type MultimodalOptions = OptionsOf<typeof options>;

/**
 * Training of a vision-language model on questions about pictures that looks after its language: a rate for each part,
 * stages in which the projector alone is trained (LLaVA, arXiv 2310.03744), and a loss
 *
 *     nll(pictures) + w(t)·nll(text) + d(t)·T²·KL(before ‖ now)(text)
 *
 * on batches that are part replayed text, with the model before the first task as the teacher and weights that may change
 * over a task. It composes with adapters, which then are what is trained: with `lora-per-task` every task trains its own and a
 * router chooses at test time; on a stack such as that of `o-lora` the teacher is the model before the task.
 * Privileges: `textItems` items of general ability.
 */
export const multimodal = defineMethod({
  name: "multimodal",
  summary:
    "Rates of its own for tower, projector and language model, and text that is replayed and distilled meanwhile.",
  source: "LLaVA-1.5, arXiv 2310.03744; the mitigations of arXiv 2410.19925",
  version: 1,
  options,
  space: { textShare: { values: [0.1, 0.25, 0.5] }, learningRate: rateRange },
  capabilities: ["logits"],
  effort: (_, { textShare }) => 1 + 0.4 * textShare,
  vectors: () => 1,
  needs: ({ textItems: generalItems }) => ({ generalItems }),
  strategy: (chosen) => new Multimodal(chosen),
});

const source = "replayed text";

class Multimodal implements Strategy {
  readonly #options: MultimodalOptions;
  #teacher: Vector | undefined;
  #text: TrainingSequence[] = [];
  #answers: Logits | undefined;

  constructor(chosen: MultimodalOptions) {
    this.#options = chosen;
  }

  async open(model: Model): Promise<void> {
    if (this.#options.textItems > 0) this.#teacher = await model.snapshot();
  }

  mixture({ view }: TaskContext): Source[] {
    const items = view.generalItems.map((example) => ({ example, task: undefined }));
    return [{ name: source, kind: "general", items, share: this.#options.textShare, separateLoss: true }];
  }

  componentRates({ view, step, steps }: StepContext): Record<string, number> {
    const { rates, towerRate, projectorRate, languageRate, alignShare, alignTasks } = this.#options;
    const preset = ratePresets[rates];
    const projector = projectorRate ?? preset.projector;
    const aligns = (alignTasks === "every" || view.index === 0) && step < alignShare * steps;
    if (aligns) return componentRatesOf({ tower: 0, projector, language: 0 });
    return componentRatesOf({
      tower: towerRate ?? preset.tower,
      projector,
      language: languageRate ?? preset.language,
    });
  }

  async beforeStep(step: StepContext): Promise<void> {
    this.#text = (step.separate[source] ?? []).map((item) => step.sequence(item));
    const distills = this.#text.length > 0 && at(this.#options.distillWeight, step) > 0;
    this.#answers = distills ? await step.model.logits(this.#text, this.#teacher) : undefined;
  }

  terms(step: StepContext): Term[] {
    const { textWeight, distillWeight, temperature } = this.#options;
    const batch = this.#text;
    if (batch.length === 0) return [];
    const terms: Term[] = [{ kind: "language-modeling", batch, weight: at(textWeight, step) }];
    if (this.#answers) {
      terms.push({
        kind: "distillation",
        batch,
        teacher: this.#answers,
        temperature,
        weight: at(distillWeight, step),
      });
    }
    return terms;
  }
}

/** A weight at a step; one that runs in a line is `from` at the first step and `to` at the last. */
function at(weight: number | ShareSchedule, { step, steps }: Pick<StepContext, "step" | "steps">): number {
  if (typeof weight === "number") return weight;
  return weight.from + ((weight.to - weight.from) * step) / Math.max(1, steps - 1);
}
