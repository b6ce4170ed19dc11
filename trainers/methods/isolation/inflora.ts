import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Constraint, EngineRequest, InputMoments, Model, TensorLayout, Vector } from "../../engine/contract.js";
import { parametersOf, setParameters } from "../../training/parameters.js";
import { loadVectors, saveVectors } from "../../training/state.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { loraOptions } from "./adapter-options.js";
import { adapterStack } from "./adapter-stack.js";
import { InputSpace } from "./input-space.js";

const options = {
  ...loraOptions,
  threshold: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.98,
    description: "ε of the first task: the share of the inputs' energy that the kept subspace has; grows towards 1.",
  }),
  criterion: Type.Enum(["squares", "fourth-powers"], {
    default: "squares",
    description:
      "Energy of a direction: its squared singular value, as in the paper, or the square of that (authors' code).",
  }),
  items: Type.Integer({ minimum: 1, default: 256, description: "Training examples that the inputs are taken from." }),
};

type InfLoraOptions = OptionsOf<typeof options>;

/**
 * Interference-free adapters (InfLoRA; Liang & Li, arXiv 2404.00228), with A: rank × in and B: out × rank, where the paper
 * calls them B and A. Before task t, each A_t is set to the principal directions of the task's inputs outside the subspace
 * M_t of earlier tasks' inputs, in which their gradients lie (section 3.3: the right singular vectors of Ĥ_tᵀ, with
 * Ĥ_t = H_t − M_t·M_tᵀ·H_t), and is frozen; B_t, zero at first, is trained alone. ΔW = B·A then changes no output for inputs
 * in M_t. After the task M_t takes in the leading directions of its inputs up to a share ε_t of their energy, as DualGPM does,
 * with ε_t = ε + (1 − ε)·t/T. Adapters of earlier tasks remain active and frozen; saved as one of rank r · tasks.
 *
 * Options: those of lora, threshold (ε: 0.98 and, on CIFAR-100, 0.95 in the authors' scripts), criterion, items. Unlike
 * the authors' code: rows of A have length 1, where it divides them by √3; Ĥ·Ĥᵀ is decomposed, where it decomposes
 * Ĥ·Hᵀ; every linear module is adapted, where it has keys and values alone (`targetModules`); inputs are those of `items`
 * examples, where it takes all. A module whose inputs fill its space learns nothing more. Privileges: none.
 */
export const infLora = defineMethod({
  name: "inflora",
  summary: "Gives each task a low-rank adapter that reads only directions which earlier tasks' inputs do not have.",
  source: "arXiv 2404.00228",
  version: 1,
  defaults: { learningRate: 2e-3 },
  options,
  space: {
    learningRate: { low: 5e-4, high: 1e-2, scale: "log" },
    threshold: { low: 0.5, high: 0.99, scale: "linear" },
    criterion: { values: ["squares", "fourth-powers"] },
  },
  capabilities: ["adapters", "stacked-adapters", "input-moments", "constraints"],
  // measured on three tasks of trace-seq --quick: 38 s of CPU time, sequential 10; the share falls with more steps
  effort: () => 3,
  vectors: () => 1,
  strategy: (chosen) => new InfLora(chosen),
});

class InfLora implements Strategy {
  readonly usesOwnBatches = true;
  readonly exclusive = ["adapter", "constraint"] as const;
  readonly parameters = "perTask";
  readonly #options: InfLoraOptions;
  readonly #stack: ReturnType<typeof adapterStack>;
  /** M_t of each adapted module, by its path; one for all that read the same input. */
  #spaces = new Map<string, InputSpace>();
  #mask: Vector | undefined;
  #tasks = 1;

  constructor(options: InfLoraOptions) {
    this.#options = options;
    this.#stack = adapterStack(options);
  }

  async open(model: Model, seed: number, tasks: number): Promise<void> {
    this.#tasks = tasks;
    await this.#stack.open(model, seed);
  }

  async beforeTask(task: TaskContext): Promise<void> {
    const { model } = task;
    const inputs = await this.#moments(task);
    await this.#stack.beforeTask(task);
    const { layout, length } = await model.trainable();
    const values = await parametersOf(model);
    const mask = new Float32Array(length).fill(1);
    for (const input of inputs) {
      task.checkCancelled();
      const directions = this.#spaceOf(input).directions(input.moments, this.#options.rank);
      for (const { offset, length } of layout.filter((own) => isDown(own) && input.modules.includes(moduleOf(own)))) {
        values.set(directions, offset);
        mask.fill(0, offset, offset + length);
      }
    }
    await setParameters(model, values);
    this.#mask = await model.write(mask);
  }

  async constraint(): Promise<Constraint> {
    return { kind: "mask", mask: this.#mask! };
  }

  async afterTask(task: TaskContext): Promise<void> {
    await task.model.free(this.#mask!);
    const { threshold, criterion } = this.#options;
    const share = threshold + ((1 - threshold) * task.view.index) / this.#tasks;
    for (const input of await this.#moments(task)) {
      task.checkCancelled();
      this.#spaceOf(input).extend(input.moments, share, criterion);
    }
    const spaces = [...this.#spaces.values()];
    const total = (of: (space: InputSpace) => number) => spaces.reduce((sum, space) => sum + of(space), 0);
    task.note("share of the inputs' dimensions that is kept", total((s) => s.dimension) / total((s) => s.width));
  }

  async save(directory: string): Promise<void> {
    const readers = new Map<InputSpace, string[]>();
    for (const [module, space] of this.#spaces) readers.set(space, [...(readers.get(space) ?? []), module]);
    const bases = [...readers].map(([{ basis }, modules]) => [modules.join(separator), basis] as const);
    saveVectors(directory, "spaces", Object.fromEntries(bases));
  }

  async restore(directory: string, model: Model): Promise<void> {
    const { layout } = await model.trainable();
    const widths = new Map(layout.filter(isDown).map((tensor) => [moduleOf(tensor), tensor.shape[1]!]));
    for (const [modules, basis] of Object.entries(loadVectors(directory, "spaces"))) {
      const paths = modules.split(separator);
      const space = new InputSpace(widths.get(paths[0]!)!, basis);
      for (const path of paths) this.#spaces.set(path, space);
    }
  }

  #spaceOf({ modules, moments }: InputMoments): InputSpace {
    const space = this.#spaces.get(modules[0]!) ?? new InputSpace(Math.sqrt(moments.length));
    for (const module of modules) this.#spaces.set(module, space);
    return space;
  }

  /** Σ x·xᵀ of the adapted modules' inputs over the same examples of the task, by the model as it is. */
  async #moments(task: TaskContext): Promise<InputMoments[]> {
    const { items, targetModules } = this.#options;
    const drawn = random({ seed: task.seed, stream: "inputs", task: task.view.index }).sample(
      [...task.newItems],
      items,
    );
    const requests = drawn.map((item, i): EngineRequest => {
      const { tokens, images } = task.sequence(item);
      return { id: `${i}`, tokens, ...(images && { images }) };
    });
    return task.model.inputMoments(requests, targetModules);
  }
}

/** Between the paths of modules with the same input, in the file. */
const separator = " ";
const down = ".lora_A.weight";
const isDown = ({ name }: TensorLayout): boolean => name.endsWith(down);
const moduleOf = ({ name }: TensorLayout): string => name.slice(0, -down.length);
