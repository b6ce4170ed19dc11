import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, TensorLayout, TrainingSequence, Vector } from "../../engine/contract.js";
import type { StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  threshold: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.7,
    description: "Quantile of a module's output magnitudes below which its rows stay as they are.",
  }),
  renew: Type.Enum(["step", "task"], {
    default: "step",
    description: "When the mask is made: for each batch, of its own outputs; or once, before the task.",
  }),
  items: Type.Integer({ minimum: 1, default: 48, description: "Examples behind a mask that is made once a task." }),
};

type MiguOptions = OptionsOf<typeof options>;

/**
 * MIGU (Du et al., arXiv 2406.17245): from the second task on, only those rows of a linear module are updated whose
 * output is large: Σ |output| over the tokens of the step's batch, above the module's `threshold` quantile. The authors'
 * code masks the gradient alone, so that Adam's earlier moments move masked rows; here they stay as they are. Other
 * parameters (embeddings, norms) are trained as ever. Of an adapter the rows of B, one an output neuron, are masked. With
 * `renew: task` one mask, of `items` examples, serves the whole task, without a forward pass a step. Privileges: none.
 */
export const migu = defineMethod({
  name: "migu",
  summary: "Updates only the rows of linear modules whose outputs are large on the new task.",
  source: "arXiv 2406.17245",
  version: 2,
  options,
  space: { threshold: { low: 0.1, high: 0.95, scale: "linear" }, learningRate: rateRange },
  capabilities: ["activations", "constraints"],
  effort: (_, { renew }) => (renew === "step" ? 1.3 : 1),
  vectors: () => 1,
  strategy: (chosen) => new Migu(chosen),
});

class Migu implements Strategy {
  readonly usesOwnBatches = true;
  readonly exclusive = ["constraint"] as const;
  readonly #options: MiguOptions;
  #mask: Vector | undefined;

  constructor(options: MiguOptions) {
    this.#options = options;
  }

  async beforeTask(task: TaskContext): Promise<void> {
    const { model, seed, view, newItems } = task;
    if (view.index === 0 || this.#options.renew === "step") return;
    const drawn = random({ seed, stream: "activations", task: view.index }).sample([...newItems], this.#options.items);
    const updated = await this.#renew(
      model,
      drawn.map((item) => task.sequence(item)),
    );
    task.note("share of parameters updated", updated);
  }

  async beforeStep({ model, view, batch, step, steps, note }: StepContext): Promise<void> {
    if (view.index === 0 || this.#options.renew === "task" || batch.length === 0) return;
    const updated = await this.#renew(model, batch);
    if (step === steps - 1) note("share of parameters updated", updated);
  }

  async constraint() {
    return this.#mask && { kind: "mask" as const, mask: this.#mask };
  }

  async afterTask({ model }: TaskContext): Promise<void> {
    if (this.#mask) await model.free(this.#mask);
    this.#mask = undefined;
  }

  /** Makes the mask of what the sequences put out; returns its mean. */
  async #renew(model: Model, sequences: readonly TrainingSequence[]): Promise<number> {
    const magnitudes = await model.activations(
      sequences.map(({ tokens, images }, i) => ({ id: `${i}`, tokens, images })),
    );
    const { length, layout } = await model.trainable();
    const mask = new Float32Array(length).fill(1);
    for (const tensor of layout) maskRows(mask, tensor, magnitudes, this.#options.threshold);
    if (this.#mask) await model.free(this.#mask);
    this.#mask = await model.write(mask);
    return mask.reduce((sum, value) => sum + value, 0) / mask.length;
  }
}

/** Sets to 0 the rows of a tensor that belong to output neurons with small outputs. */
function maskRows(
  mask: Float32Array,
  { name, shape, offset }: TensorLayout,
  magnitudes: Readonly<Record<string, Float32Array>>,
  threshold: number,
): void {
  const own = magnitudes[name.replace(/\.(lora_B\.)?(weight|bias)$/, "")];
  if (own === undefined || own.length !== shape[0]) return;
  const limit = own.slice().sort()[Math.min(own.length - 1, Math.floor(threshold * own.length))]!;
  const width = shape[1] ?? 1;
  for (const [row, magnitude] of own.entries()) {
    if (magnitude < limit) mask.fill(0, offset + row * width, offset + (row + 1) * width);
  }
}
