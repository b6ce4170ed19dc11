import { join } from "node:path";
import { type Alert, severities } from "../contract/alert.js";
import { sha256 } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import type { CostRecord, SyntheticRecord } from "../contract/result.js";
import type { Learner, LearnProgress, TrainingView } from "../contract/trainer.js";
import { detectAlerts } from "./alerts/detect.js";
import { alertText } from "./alerts/text.js";
import { watchedCell } from "./alerts/watched-cell.js";
import { MeteredBuffer } from "./buffer.js";
import { type Checkpoint, pruneCheckpoints, restoreCheckpoint, saveCheckpoint } from "./checkpoint.js";
import { addEfforts, type Effort, footprintOf, measureLatency, meter } from "./cost.js";
import { assembleCost } from "./cost-record.js";
import { requestsFor } from "./evaluate.js";
import { evaluateOnce, type StoredEvaluation } from "./evaluation-store.js";
import { callPlugin } from "./guard.js";
import { checkLearnReport } from "./learn-report.js";
import { assembleMatrix, sampleLines } from "./matrix.js";
import type { CellTask } from "./messages.js";
import { progressReporter } from "./progress.js";
import { type MeasuredRow, measuredRows, type RowRecord, readFinishedRows } from "./row.js";
import { type Stage, stagesOf } from "./stages.js";
import { layout } from "./store.js";
import { measureSynthetic, syntheticLines } from "./synthetic.js";
import { describeTask, questionSets, trainingViews } from "./views.js";
import type { Workplace } from "./workplace.js";

/**
 * The life of a cell: build the learner, measure row 0, then learn → measure → save, release, build anew, restore, row
 * by row; at the end its latency, and the artifacts of the whole cell. Starts after the rows that are finished.
 *
 * @returns the path of the matrix, relative to the run.
 */
export async function runCell(task: CellTask, workplace: Workplace): Promise<string> {
  const run = new CellRun(task, workplace);
  try {
    return await run.live();
  } catch (error) {
    await run.release().catch(() => undefined); // What releasing throws would hide why the cell failed.
    throw error;
  }
}

class CellRun {
  private readonly id: string;
  private readonly directory: string;
  private readonly stages: Stage[];
  private readonly rows: MeasuredRow[];
  private readonly report: ReturnType<typeof progressReporter>;
  private buffer: MeteredBuffer;
  private learner: Learner | undefined;

  constructor(
    private readonly task: CellTask,
    private readonly workplace: Workplace,
  ) {
    const { record, trainer, order } = task.cell;
    this.id = record.id;
    this.directory = workplace.setup.directory;
    this.stages = stagesOf(trainer.schedule, order.length);
    this.rows = readFinishedRows(this.directory, this.id, task.finished);
    this.report = progressReporter(workplace);
    this.buffer = new MeteredBuffer(trainer.privileges);
  }

  async live(): Promise<string> {
    const finished = this.rows.map(({ record }) => record.row);
    const fromRow = this.stages[finished.length]?.row ?? this.task.cell.order.length + 1;
    this.workplace.post({ type: "event", event: { type: "cell-started", cell: this.id, fromRow } });
    pruneCheckpoints(this.directory, this.id, finished);
    this.stopOnAlerts();
    await this.create(finished.at(-1) ?? 0);
    for (const stage of this.stages.slice(finished.length)) await this.pass(stage);
    const latency = await this.latency();
    await this.release();
    return this.finish(latency);
  }

  /** One stage: learn, measure, keep, and only then say so. */
  private async pass(stage: Stage): Promise<void> {
    const { learning, synthetic, effort } = await this.learn(stage);
    const evaluation = await this.evaluate(stage);
    const footprint = footprintOf(this.current.cost());
    const buffer = { samples: this.buffer.samples, bytes: this.buffer.bytes };
    const started = performance.now();
    const checkpoint = stage.row === 0 ? undefined : await this.keep(stage.row);
    const record: RowRecord = {
      schema: "row@1",
      row: stage.row,
      evaluation: evaluation.path,
      learning,
      ...(synthetic.length > 0 ? { synthetic } : {}),
      learnEffort: effort,
      keepingSeconds: (performance.now() - started) / 1000,
      buffer,
      checkpointBytes: checkpoint?.bytes ?? 0,
      footprint,
    };
    const text = JSON.stringify(record);
    const path = layout.row(this.id, stage.row);
    writeFileAtomically(join(this.directory, path), text);
    const artifacts = { [path]: sha256(text), [evaluation.path]: evaluation.digest };
    if (checkpoint !== undefined) artifacts[checkpoint.path] = checkpoint.digest;
    this.rows.push({ record, evaluation: evaluation.record });
    for (const alert of this.alerts())
      this.workplace.post({ type: "event", event: { type: "alert", cell: this.id, alert } });
    this.workplace.post({ type: "event", event: { type: "row-finished", cell: this.id, row: stage.row, artifacts } });
    this.stopOnAlerts();
  }

  /** What the last finished row raises. */
  private alerts(): Alert[] {
    const { trainer, order, record } = this.task.cell;
    const { suite, setup } = this.workplace;
    const cell = watchedCell(this.rows, this.stages.length, this.id, (measured) =>
      assembleMatrix(record, trainer.schedule, order, suite, measured),
    );
    return detectAlerts(cell, setup.alerts);
  }

  /** Throws ALERT when the last finished row raised what the configuration does not let pass; on a resumed cell too. */
  private stopOnAlerts(): void {
    const { failOn } = this.workplace.setup.alerts;
    if (failOn === "never") return;
    const raised = this.alerts().filter(({ severity }) => severities.indexOf(severity) >= severities.indexOf(failOn));
    if (raised.length === 0) return;
    const task = this.task.cell.order[raised[0]!.row - 1];
    throw new BenchError("ALERT", `stopped after ${task}: ${raised.map(alertText).join("; ")}`, {
      fix: "Look at what changed there; without --fail-on, --retry-failed lets the cell go on from that task.",
    });
  }

  private async learn(
    stage: Stage,
  ): Promise<{ learning: CostRecord["learning"]; synthetic: SyntheticRecord[]; effort: Effort }> {
    const { trainer, order, record } = this.task.cell;
    const learning: CostRecord["learning"] = [];
    const synthetic: SyntheticRecord[] = [];
    const efforts: Effort[] = [];
    for (const view of trainingViews(this.workplace.suite, order, stage, trainer.privileges, record.seed)) {
      this.checkCancelled();
      const { result, effort } = await meter(this.current, this.workplace.setup.threads, () =>
        this.learnView(view, stage),
      );
      const task = view.tasks.map((data) => data.task.id).join("+");
      const { synthetic: sets = [], ...report } = checkLearnReport(result);
      synthetic.push(...measureSynthetic(sets, stage.row, this.workplace.suite.tasks));
      learning.push({ ...report, task, seconds: effort.seconds });
      efforts.push(effort);
    }
    return { learning, synthetic, effort: addEfforts(efforts) };
  }

  private learnView(view: TrainingView, stage: Stage) {
    const context = {
      buffer: this.buffer,
      cancelled: this.workplace.cancelled,
      progress: ({ step, steps, loss, tokensPerSecond }: LearnProgress) =>
        this.report({ cell: this.id, row: stage.row, phase: "learn", done: step, total: steps, loss, tokensPerSecond }),
    };
    return callPlugin("the trainer's learn", () => this.current.learn(view, context));
  }

  private evaluate(stage: Stage): Promise<StoredEvaluation> {
    const { suite, registry, setup } = this.workplace;
    return evaluateOnce(this.current, {
      directory: this.directory,
      suite: suite.digest,
      sets: questionSets(suite, stage),
      threads: setup.threads,
      state: { cell: this.id, row: stage.row },
      context: {
        scorer: registry.scorer,
        taskIdAtTest: this.task.cell.trainer.privileges.taskIdAtTest,
        progress: (done, total) => {
          this.checkCancelled();
          this.report({ cell: this.id, row: stage.row, phase: "evaluate", done, total });
        },
      },
    });
  }

  /** What a learner keeps is what it saves: it goes on from its own checkpoint, as it would after an interruption. */
  private async keep(row: number): Promise<Checkpoint> {
    const checkpoint = await saveCheckpoint(this.current, this.buffer, {
      directory: this.directory,
      cell: this.id,
      row,
    });
    await this.release();
    await this.create(row);
    return checkpoint;
  }

  /** Builds the learner as it stands after a row; a new one is as it stands at row 0. */
  private async create(row: number): Promise<void> {
    const { suite, registry, setup } = this.workplace;
    const { trainer, order, record } = this.task.cell;
    this.buffer = new MeteredBuffer(trainer.privileges);
    this.learner = await callPlugin("the trainer's create", () =>
      registry.trainer(trainer.name).create({
        model: setup.model,
        device: setup.device,
        threads: setup.threads,
        seed: record.seed,
        options: structuredClone(trainer.options),
        tasks: order.map((id) => describeTask(suite.tasks.find((task) => task.id === id)!)),
        quick: setup.quick,
      }),
    );
    if (row === 0) return;
    await restoreCheckpoint(this.learner, this.buffer, join(this.directory, layout.checkpoint(this.id, row)));
  }

  /** Lets go of the learner, if there is one. */
  async release(): Promise<void> {
    const learner = this.learner;
    this.learner = undefined;
    if (learner !== undefined) await callPlugin("the trainer's release", () => learner.release());
  }

  /** Of the suite's first question, the same for every trainer. */
  private latency(): Promise<CostRecord["latency"]> {
    const { suite, setup } = this.workplace;
    const [set] = questionSets(suite, this.stages[0]!);
    const { taskIdAtTest } = this.task.cell.trainer.privileges;
    const { requests, decoding } = requestsFor(set!, set!.examples.slice(0, 1), taskIdAtTest);
    this.checkCancelled();
    return callPlugin("the trainer's generate", () =>
      measureLatency(this.current, requests[0]!, decoding, setup.quick ? 100 : 300),
    );
  }

  private finish(latency: CostRecord["latency"]): string {
    const { record, trainer, order } = this.task.cell;
    const measured = measuredRows(this.rows);
    const matrix = assembleMatrix(record, trainer.schedule, order, this.workplace.suite, measured);
    const write = (path: string, text: string) => writeFileAtomically(join(this.directory, path), text);
    write(layout.samples(this.id), sampleLines(measured));
    const synthetic = this.rows.flatMap((row) => row.record.synthetic ?? []);
    if (synthetic.length > 0) write(layout.synthetic(this.id), syntheticLines(synthetic));
    write(layout.cost(this.id), `${JSON.stringify(assembleCost(this.rows, latency), null, 2)}\n`);
    write(layout.matrix(this.id), `${JSON.stringify(matrix, null, 2)}\n`);
    return layout.matrix(this.id);
  }

  private get current(): Learner {
    return this.learner!;
  }

  private checkCancelled(): void {
    if (this.workplace.cancelled()) throw new BenchError("CANCELLED", "the run was cancelled");
  }
}
