import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { ComponentRates, Model, Objective, StepReport, Vector } from "../../engine/contract.js";
import { insideHalfSpaces } from "../../engine/half-spaces.js";
import type { TaskContext } from "../../training/strategy.js";

/** Option of methods that keep updates from opposing gradients of memories. */
export const projectOption = Type.Enum(["gradient", "update"], {
  default: "gradient",
  description:
    "What is projected: the gradient, as in the paper, although the step that Adam makes of it may oppose a memory's gradient again; or that step.",
});

/**
 * Keeps the steps of a task from raising losses on memories, to first order, and counts how many steps of Adam opposed
 * one. `gradient`: the engine projects the gradient. `update`: the movement d of a step becomes the nearest with
 * ⟨d, n⟩ ≤ 0 for the gradient n of every memory objective.
 */
export class MemoryGuard {
  readonly #project: OptionsOf<{ project: typeof projectOption }>["project"];
  readonly #margin: number;
  #normals: Vector[] = [];
  #before: Vector | undefined;
  #steps = 0;
  #opposed = 0;

  /** @param margin least multiplier of a normal where one has to act. */
  constructor(project: "gradient" | "update", margin: number) {
    this.#project = project;
    this.#margin = margin;
  }

  /** Takes the gradients of a step's memories, of what moves; returns what the engine is to constrain its gradient by. */
  async open(
    model: Model,
    objectives: readonly Objective[],
    rates: ComponentRates | undefined,
  ): Promise<readonly Vector[] | undefined> {
    if (objectives.length === 0) return undefined;
    for (const objective of objectives) this.#normals.push(await model.gradient(objective, rates));
    this.#before = await model.snapshot();
    return this.#project === "gradient" ? this.#normals : undefined;
  }

  /** After the step. */
  async close(model: Model, { gradientNorm }: StepReport): Promise<void> {
    if (!this.#before) return;
    const after = await model.snapshot();
    const descent = await model.combine([1, -1], [this.#before, after]);
    const slopes: number[] = [];
    for (const normal of this.#normals) slopes.push(await model.dot(descent, normal));
    this.#steps++;
    if (slopes.some((slope) => slope < 0)) {
      this.#opposed++;
      if (this.#project === "update") await this.#turn(model, this.#before, descent, gradientNorm);
    }
    for (const vector of [after, descent, this.#before, ...this.#normals]) await model.free(vector);
    this.#normals = [];
    this.#before = undefined;
  }

  /** Reports the share of steps that Adam turned against a memory, and counts afresh. */
  report({ note }: TaskContext): void {
    if (this.#steps > 0) note("share of Adam's steps that opposed a memory's gradient", this.#opposed / this.#steps);
    this.#steps = 0;
    this.#opposed = 0;
  }

  /** The margin is to a gradient of length `gradientNorm` what it is here to a movement of another length. */
  async #turn(model: Model, before: Vector, descent: Vector, gradientNorm: number): Promise<void> {
    const length = Math.sqrt(await model.dot(descent, descent));
    const margin = (this.#margin * length) / Math.max(gradientNorm, Number.MIN_VALUE);
    const kept = await insideHalfSpaces(descent, { kind: "half-spaces", normals: this.#normals, margin }, model);
    const turned = await model.combine([1, -1], [before, kept]);
    await model.restore(turned);
    for (const vector of [kept, turned]) await model.free(vector);
  }
}
