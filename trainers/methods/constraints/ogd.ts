import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import { rateOf } from "../../engine/component-rate.js";
import type { ComponentRates, Constraint, Model, TensorLayout, Vector } from "../../engine/contract.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { apartFrom, bounded, type Direction, newDirection } from "./orthonormal-basis.js";

const options = {
  items: Type.Integer({ minimum: 1, default: 6, description: "Examples of each task that give a direction." }),
  capacity: Type.Integer({ minimum: 1, default: 48, description: "Most directions kept over all tasks." }),
};

type OgdOptions = OptionsOf<typeof options>;

/**
 * Orthogonal gradient descent (OGD; Farajtabar et al., arXiv 1910.07104), with gradients of the ground-truth logit: after
 * each task, the gradients of the mean logit of the answer's tokens on `items` of its examples are made orthonormal to
 * those kept, and later updates lose their components along all of them; where the rate of a component is 0, along what
 * the others have of them. At most `capacity` directions are kept, each as large as the model; beyond it the task with most
 * gives way. Privileges: none; no past example is kept.
 */
export const ogd = defineMethod({
  name: "ogd",
  summary: "Updates at right angles to the gradients that past answers depended on; keeps directions, no data.",
  source: "arXiv 1910.07104",
  version: 2,
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
  #layout: readonly TensorLayout[] = [];
  /** Of a task's steps in which the same tensors stay still. */
  #basis: { still: string; rows: Vector | undefined } | undefined;

  constructor(options: OgdOptions) {
    this.#options = options;
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    this.#layout = (await model.trainable()).layout;
  }

  async constraint({ model }: StepContext, rates: ComponentRates = {}): Promise<Constraint | undefined> {
    const rate = rateOf(rates);
    const still = this.#layout.filter(({ name }) => rate(name) === 0);
    const names = still.map(({ name }) => name).join();
    if (this.#basis?.still !== names) {
      await this.#free(model);
      this.#basis = { still: names, rows: await this.#write(model, still) };
    }
    const { rows } = this.#basis!;
    return rows && { kind: "orthogonal", basis: rows };
  }

  async afterTask(task: TaskContext): Promise<void> {
    const { model, seed, view } = task;
    await this.#free(model);
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

  /** The rows of a basis, one after another; undefined where there are none. */
  async #write(model: Model, still: readonly TensorLayout[]): Promise<Vector | undefined> {
    const directions = this.#directions.map(({ values }) => values);
    const rows = apartFrom(still, directions);
    const [first] = rows;
    if (first === undefined) return undefined;
    const all = new Float32Array(rows.length * first.length);
    for (const [i, row] of rows.entries()) all.set(row, i * first.length);
    return model.write(all);
  }

  async #free(model: Model): Promise<void> {
    if (this.#basis?.rows) await model.free(this.#basis.rows);
    this.#basis = undefined;
  }
}
