import type { ObservationSettings } from "../../contract/config.js";
import { random } from "../../contract/random.js";
import type { Example, Suite } from "../../contract/suite.js";
import type { Learner, TrainingView } from "../../contract/trainer.js";
import { sumOrNull } from "../../metrics/definition.js";
import { type EvaluationContext, evaluate } from "../evaluate/evaluate.js";
import { addUsage, meter, noUsage, type ResourceUsage } from "./cost.js";
import { describeTask } from "./views.js";

/** One measurement within a task: mean scores of the tasks that were asked, by id. */
export interface Observation {
  /** Steps done. */
  step: number;
  scores: Record<string, number>;
}

/** The test items of a task that are asked within tasks: the same ones through a cell, in the order of the test. */
export function observedExamples(test: readonly Example[], task: string, seed: number, items: number): Example[] {
  const places = random({ seed, stream: "observed-items", task }).sample([...test.keys()], items);
  return places.sort((a, b) => a - b).map((place) => test[place]!);
}

/** Measures a learner every so many steps of what it learns, on the tasks learned before and those being learned. */
export class Observer {
  private readonly observations: Observation[] = [];
  private tokens: number | null = 0;
  /** What the measurements took, by the learner's own counters. */
  usage: ResourceUsage = noUsage;

  constructor(
    private readonly learner: Learner,
    private readonly settings: ObservationSettings,
    private readonly asked: {
      suite: Pick<Suite, "tasks">;
      order: readonly string[];
      seed: number;
      /** Whether models compute on this thread alone. */
      onThread: boolean;
      context: EvaluationContext;
    },
  ) {}

  /** @param step steps done. Throws what `evaluate` throws. */
  async observe(view: TrainingView, step: number): Promise<void> {
    if (step % this.settings.every !== 0) return;
    const { onThread, context } = this.asked;
    const { result, usage } = await meter(this.learner, onThread, () =>
      evaluate(this.learner, this.questions(view), context),
    );
    this.observations.push({ step, scores: Object.fromEntries(result.map(({ set, score }) => [set, score])) });
    this.usage = addUsage([this.usage, usage]);
    this.tokens = sumOrNull([this.tokens, ...result.map(({ tokens }) => tokens)]);
  }

  /** What a row keeps of it. */
  record(): { observations: Observation[]; usage: ResourceUsage } {
    return { observations: this.observations, usage: { ...this.usage, generatedTokens: this.tokens } };
  }

  private questions(view: TrainingView) {
    const { suite, order, seed } = this.asked;
    const seen = new Set([...order.slice(0, view.index), ...view.tasks.map(({ task }) => task.id)]);
    return suite.tasks
      .filter(({ id }) => seen.has(id))
      .map((task) => ({
        dataset: "test" as const,
        task: describeTask(task),
        examples: observedExamples(task.test, task.id, seed, this.settings.items),
      }));
  }
}
