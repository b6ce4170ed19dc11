import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Vector } from "../../engine/contract.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { bounded, type Direction, newDirection } from "./orthonormal-basis.js";

const options = {
  items: Type.Integer({ minimum: 1, default: 6, description: "Examples of each task that give a direction." }),
  capacity: Type.Integer({ minimum: 1, default: 48, description: "Most directions kept over all tasks." }),
};

type OgdOptions = OptionsOf<typeof options>;

/**
 * Orthogonal gradient descent (OGD; Farajtabar et al., arXiv 1910.07104), with gradients of the ground-truth logit: after
 * each task, the gradients of the mean logit of the answer's tokens on `items` of its examples are made orthonormal to
 * those kept, and later updates lose their components along all of them. At most `capacity` directions are kept, each as
 * large as the model; beyond it the task with most gives way. Privileges: none; no past example is kept.
 */
export const ogd = defineMethod({
  name: "ogd",
  summary: "Updates at right angles to the gradients that past answers depended on; keeps directions, no data.",
  source: "arXiv 1910.07104",
  version: 1,
  options,
  space: { items: { values: [2, 6, 12, 24] }, learningRate: rateRange },
  capabilities: ["constraints", "logits"],
  vectors: (tasks, { items, capacity }) => 2 * Math.min(capacity, items * tasks) + 1,
  strategy: (chosen) => new Ogd(chosen),
});

class Ogd implements Strategy {
  readonly usesOwnBatches = true;
  readonly parameters = "shared";
  readonly exclusive = ["constraint"] as const;
  readonly #options: OgdOptions;
  #directions: Direction[] = [];
  #basis: Vector | undefined;

  constructor(options: OgdOptions) {
    this.#options = options;
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    if (this.#directions.length === 0) return;
    const { length } = await model.trainable();
    const rows = new Float32Array(this.#directions.length * length);
    for (const [i, { values }] of this.#directions.entries()) rows.set(values, i * length);
    this.#basis = await model.write(rows);
  }

  async constraint() {
    return this.#basis && { kind: "orthogonal" as const, basis: this.#basis };
  }

  async afterTask(task: TaskContext): Promise<void> {
    const { model, seed, view } = task;
    if (this.#basis) await model.free(this.#basis);
    this.#basis = undefined;
    const drawn = random({ seed, stream: "directions", task: view.index }).sample(
      [...task.newItems],
      this.#options.items,
    );
    for (const item of drawn) {
      const batch = [task.sequence(item)];
      const gradient = await model.gradient({ terms: [{ kind: "label-logit", batch, weight: 1 }] });
      const kept = this.#directions.map((own) => own.values);
      const values = newDirection(kept, await model.read(gradient));
      await model.free(gradient);
      if (values) this.#directions.push({ task: `${view.index}`, values });
    }
    this.#directions = bounded(this.#directions, this.#options.capacity);
    task.note("directions kept", this.#directions.length);
  }

  async save(directory: string, _model: Model): Promise<void> {
    saveJson(
      directory,
      "directions",
      this.#directions.map(({ task }) => task),
    );
    saveVectors(
      directory,
      "basis",
      Object.fromEntries(this.#directions.map(({ values }, index) => [`${index}`, values])),
    );
  }

  async restore(directory: string): Promise<void> {
    const rows = loadVectors(directory, "basis");
    this.#directions = loadJson<string[]>(directory, "directions").map((task, index) => ({
      task,
      values: rows[`${index}`]!,
    }));
  }
}
