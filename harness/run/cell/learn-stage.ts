import type { CostRecord, SyntheticRecord } from "../../contract/result.js";
import type { LearnContext, Learner, TrainingView } from "../../contract/trainer.js";
import type { PlannedCell } from "../plan/cells.js";
import type { Stage } from "../plan/stages.js";
import { checkCancelled, evaluationContext, type WorkerContext } from "../pool/worker-context.js";
import type { MeteredBuffer } from "./buffer.js";
import { addUsage, meter, type ResourceUsage, subtractUsage } from "./cost.js";
import { callPlugin } from "./guard.js";
import { checkLearnReport } from "./learn-report.js";
import { Observer } from "./observer.js";
import type { RowRecord } from "./row.js";
import { measureSynthetic } from "./synthetic.js";
import { trainingViews } from "./views.js";

/** What came of the learning of a stage. */
export interface LearnedStage {
  learning: CostRecord["learning"];
  synthetic: SyntheticRecord[];
  usage: ResourceUsage;
  observed: RowRecord["observed"];
}

/** Has a learner learn what a stage says, measured within where the run asks for it; that time is no learning time. */
export async function learnStage(
  learner: Learner,
  buffer: MeteredBuffer,
  stage: Stage,
  { record, trainer, order }: PlannedCell,
  worker: WorkerContext,
  progress: LearnContext["progress"],
): Promise<LearnedStage> {
  const { suite, onThread } = worker;
  const observer = observerOf(learner, stage, { record, trainer, order }, worker);
  const learning: CostRecord["learning"] = [];
  const synthetic: SyntheticRecord[] = [];
  const usages: ResourceUsage[] = [];
  const learn = (view: TrainingView) => {
    const context: LearnContext = { buffer, cancelled: worker.cancelled, progress };
    if (observer !== undefined) context.observe = (step) => observer.observe(view, step);
    return callPlugin("the trainer's learn", () => learner.learn(view, context));
  };
  for (const view of trainingViews(suite, order, stage, trainer.privileges, record.seed)) {
    checkCancelled(worker);
    const { result, usage } = await meter(learner, onThread, () => learn(view));
    const own = observer === undefined ? usage : subtractUsage(usage, observer.usage);
    const task = view.tasks.map((data) => data.task.id).join("+");
    const { synthetic: sets = [], ...report } = checkLearnReport(result);
    synthetic.push(...measureSynthetic(sets, stage.row, suite.tasks));
    if (report.drift !== undefined && report.drift.warnings.length > 0)
      worker.post({ type: "notice", text: driftNotice(task, report.drift.warnings), once: true });
    if (report.shortened !== undefined) {
      worker.post({ type: "notice", text: shortenedNotice(task, report.shortened, "training"), once: true });
    }
    learning.push({ ...report, task, seconds: own.seconds });
    usages.push(own);
  }
  return { learning, synthetic, usage: addUsage(usages), observed: observer?.record() };
}

/** None where nothing was asked for, or where nothing is trained: there are no steps to look between. */
function observerOf(
  learner: Learner,
  stage: Stage,
  { record, trainer, order }: PlannedCell,
  worker: WorkerContext,
): Observer | undefined {
  const { observation } = worker.setup;
  if (observation === undefined || trainer.schedule === "once" || stage.learn.length === 0) return undefined;
  return new Observer(learner, observation, {
    suite: worker.suite,
    order,
    seed: record.seed,
    onThread: worker.onThread,
    context: evaluationContext(worker, trainer, () => checkCancelled(worker)),
  });
}

/** What a run says of prompts that did not fit. */
export function shortenedNotice(set: string, count: number, dataset: string): string {
  return `${set}: ${dataset} prompts that were too long for the model and were shortened (start and end are kept): ${count}`;
}

/** What a run says of a task whose data is unlike that before it; the same for every trainer, order and seed. */
export function driftNotice(task: string, warnings: readonly string[]): string {
  return `${task}: its inputs are unlike anything learned before it (${warnings.join(", ")}): expect interference`;
}
