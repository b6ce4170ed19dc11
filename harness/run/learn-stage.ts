import type { CostRecord, SyntheticRecord } from "../contract/result.js";
import type { LearnContext, Learner, TrainingView } from "../contract/trainer.js";
import type { MeteredBuffer } from "./buffer.js";
import type { PlannedCell } from "./cells.js";
import { addEfforts, type Effort, meter, withoutEffort } from "./cost.js";
import { driftNotice } from "./drift-notice.js";
import { callPlugin } from "./guard.js";
import { checkLearnReport } from "./learn-report.js";
import { Observer } from "./observer.js";
import type { RowRecord } from "./row.js";
import type { Stage } from "./stages.js";
import { measureSynthetic } from "./synthetic.js";
import { trainingViews } from "./views.js";
import { checkCancelled, evaluationContext, type Workplace } from "./workplace.js";

/** What came of the learning of a stage. */
export interface LearnedStage {
  learning: CostRecord["learning"];
  synthetic: SyntheticRecord[];
  effort: Effort;
  observed: RowRecord["observed"];
}

/** Has a learner learn what a stage says, measured within where the run asks for it; that time is no learning time. */
export async function learnStage(
  learner: Learner,
  buffer: MeteredBuffer,
  stage: Stage,
  { record, trainer, order }: PlannedCell,
  workplace: Workplace,
  progress: LearnContext["progress"],
): Promise<LearnedStage> {
  const { suite, setup } = workplace;
  const observer = observerOf(learner, stage, { record, trainer, order }, workplace);
  const learning: CostRecord["learning"] = [];
  const synthetic: SyntheticRecord[] = [];
  const efforts: Effort[] = [];
  const learn = (view: TrainingView) => {
    const context: LearnContext = { buffer, cancelled: workplace.cancelled, progress };
    if (observer !== undefined) context.observe = (step) => observer.observe(view, step);
    return callPlugin("the trainer's learn", () => learner.learn(view, context));
  };
  for (const view of trainingViews(suite, order, stage, trainer.privileges, record.seed)) {
    checkCancelled(workplace);
    const { result, effort } = await meter(learner, setup.threads, () => learn(view));
    const own = observer === undefined ? effort : withoutEffort(effort, observer.effort);
    const task = view.tasks.map((data) => data.task.id).join("+");
    const { synthetic: sets = [], ...report } = checkLearnReport(result);
    synthetic.push(...measureSynthetic(sets, stage.row, suite.tasks));
    if (report.drift !== undefined && report.drift.warnings.length > 0)
      workplace.post({ type: "notice", text: driftNotice(task, report.drift.warnings), once: true });
    learning.push({ ...report, task, seconds: own.seconds });
    efforts.push(own);
  }
  return { learning, synthetic, effort: addEfforts(efforts), observed: observer?.record() };
}

/** None where nothing was asked for, or where nothing is trained: there are no steps to look between. */
function observerOf(
  learner: Learner,
  stage: Stage,
  { record, trainer, order }: PlannedCell,
  workplace: Workplace,
): Observer | undefined {
  const { observation, threads } = workplace.setup;
  if (observation === undefined || trainer.schedule === "once" || stage.learn.length === 0) return undefined;
  return new Observer(learner, observation, {
    suite: workplace.suite,
    order,
    seed: record.seed,
    threads,
    context: evaluationContext(workplace, trainer, () => checkCancelled(workplace)),
  });
}
