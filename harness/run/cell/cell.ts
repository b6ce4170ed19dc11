import { join } from "node:path";
import { type Alert, severities } from "../../contract/alert.js";
import { sha256 } from "../../contract/digest.js";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { CostRecord } from "../../contract/result.js";
import type { Learner, LearnProgress } from "../../contract/trainer.js";
import { detectAlerts } from "../alerts/detect.js";
import { alertText } from "../alerts/text.js";
import { watchedCell } from "../alerts/watched-cell.js";
import { inheritRows } from "../continuation/inherited-rows.js";
import { type Start, startCheckpoint } from "../continuation/start.js";
import { evaluateOnce, type StoredEvaluation } from "../evaluate/evaluation-store.js";
import { requestsFor } from "../evaluate/question-set.js";
import { engineChoice } from "../plan/engine.js";
import { type Stage, stagesOf } from "../plan/stages.js";
import type { Artifacts, CellTask } from "../pool/messages.js";
import { progressReporter } from "../pool/progress.js";
import { checkCancelled, evaluationContext, type WorkerContext } from "../pool/worker-context.js";
import { layout } from "../store/store.js";
import { writeArtifacts } from "./artifacts.js";
import { MeteredBuffer } from "./buffer.js";
import { type Checkpoint, pruneCheckpoints, restoreCheckpoint, saveCheckpoint } from "./checkpoint.js";
import { costOf, footprintOf, measureLatency } from "./cost.js";
import { callPlugin } from "./guard.js";
import { type LearnedStage, learnStage, shortenedNotice } from "./learn-stage.js";
import { assembleMatrix } from "./matrix.js";
import { payloadMeter } from "./payload.js";
import { type MeasuredRow, type RowRecord, readFinishedRows } from "./row.js";
import { describeTask, questionSets } from "./views.js";

/**
 * The life of a cell: build the learner, measure row 0, then learn → measure → save, release, build anew, restore, row
 * by row; at the end its latency, and the artifacts of the whole cell. Starts after the rows that are finished.
 *
 * @returns its result files.
 */
export async function runCell(task: CellTask, worker: WorkerContext): Promise<Artifacts> {
  const run = new CellRun(task, worker);
  try {
    return await run.run();
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
    private readonly worker: WorkerContext,
  ) {
    const { record, trainer, order, start } = task.cell;
    this.id = record.id;
    this.directory = worker.setup.directory;
    this.stages = stagesOf(trainer.schedule, order.length, start);
    this.rows = readFinishedRows(this.directory, this.id, task.finished);
    this.report = progressReporter(worker);
    this.buffer = this.newBuffer();
  }

  async run(): Promise<Artifacts> {
    const { start, order } = this.task.cell;
    const starts = start !== undefined && this.rows.length <= start.before.length;
    if (starts) this.rows.length = 0;
    const finished = this.rows.map(({ record }) => record.row);
    const fromRow = this.stages[finished.length]?.row ?? order.length + 1;
    this.worker.post({ type: "event", event: { type: "cell-started", cell: this.id, fromRow } });
    pruneCheckpoints(this.directory, this.id, finished);
    this.stopOnAlerts(this.alerts());
    this.sayWhatIsLost(fromRow);
    if (starts) this.copyInheritedRows(start);
    await this.create(starts ? startCheckpoint(start) : this.checkpoint(finished.at(-1) ?? 0));
    for (const stage of this.stages.slice(this.rows.length)) await this.runStage(stage);
    const latency = await this.latency();
    await this.release();
    return writeArtifacts(this.task.cell, this.rows, this.stages, latency, this.worker);
  }

  /** Rows that the journal names and that cannot be built on. */
  private sayWhatIsLost(fromRow: number): void {
    if (!this.task.finished.some(({ row }) => row >= fromRow)) return;
    const text = `cell ${this.id} goes on from row ${fromRow}: files of rows after that are missing or damaged`;
    this.worker.post({ type: "notice", text });
  }

  /** The rows before this cell's own, as the cell that it goes on from measured them. */
  private copyInheritedRows(start: Start): void {
    const place = { directory: this.directory, cell: this.id };
    for (const { measured, artifacts } of inheritRows(start, this.worker.suite, place)) {
      const { row } = measured.record;
      this.rows.push(measured);
      this.worker.post({ type: "event", event: { type: "row-finished", cell: this.id, row, artifacts } });
    }
  }

  /** One stage: learn, measure, keep, and only then say so. */
  private async runStage(stage: Stage): Promise<void> {
    const { learning, synthetic, usage, observed } = await this.learn(stage);
    const evaluation = await this.evaluate(stage);
    for (const { set, dataset, shortened } of evaluation.record.sets) {
      if (shortened === undefined) continue;
      this.worker.post({ type: "notice", text: shortenedNotice(set, shortened, dataset), once: true });
    }
    const footprint = footprintOf(await costOf(this.current));
    const { isolation } = this.current;
    const buffer = { samples: this.buffer.samples, bytes: this.buffer.bytes };
    const started = performance.now();
    const checkpoint = stage.row === 0 ? undefined : await this.checkpointAndReload(stage.row);
    const record: RowRecord = {
      schema: "row@2",
      row: stage.row,
      evaluation: evaluation.path,
      learning,
      ...(synthetic.length > 0 ? { synthetic } : {}),
      learningUsage: usage,
      keepingSeconds: (performance.now() - started) / 1000,
      buffer,
      checkpointBytes: checkpoint?.bytes ?? 0,
      footprint,
      ...(isolation !== undefined && { isolation }),
      ...(observed === undefined ? {} : { observed }),
    };
    const text = JSON.stringify(record);
    const path = layout.row(this.id, stage.row);
    writeFileAtomically(join(this.directory, path), text);
    const artifacts = { [path]: sha256(text), [evaluation.path]: evaluation.digest };
    if (checkpoint !== undefined) artifacts[checkpoint.path] = checkpoint.digest;
    this.rows.push({ record, evaluation: evaluation.record });
    const alerts = this.alerts();
    for (const alert of alerts) this.worker.post({ type: "event", event: { type: "alert", cell: this.id, alert } });
    this.worker.post({ type: "event", event: { type: "row-finished", cell: this.id, row: stage.row, artifacts } });
    this.stopOnAlerts(alerts);
  }

  /** What the last finished row raises; nothing where it is not this cell's own doing. */
  private alerts(): Alert[] {
    const { trainer, order, record, start } = this.task.cell;
    const { suite, setup } = this.worker;
    if (start !== undefined && this.rows.length <= start.before.length + 1) return [];
    const cell = watchedCell(this.rows, this.stages.length, this.id, (measured) =>
      assembleMatrix(record, trainer.schedule, order, suite, measured, start?.row),
    );
    return detectAlerts(cell, setup.alerts);
  }

  /** Throws ALERT when the last finished row raised what the configuration does not let pass; on a resumed cell too. */
  private stopOnAlerts(alerts: readonly Alert[]): void {
    const { failOn } = this.worker.setup.alerts;
    if (failOn === "never") return;
    const raised = alerts.filter(({ severity }) => severities.indexOf(severity) >= severities.indexOf(failOn));
    if (raised.length === 0) return;
    const task = this.task.cell.order[raised[0]!.row - 1];
    throw new BenchError("ALERT", `stopped after ${task}: ${raised.map((alert) => alertText(alert)).join("; ")}`, {
      fix: "Look at what changed there; without --fail-on, --retry-failed lets the cell go on from that task.",
    });
  }

  private learn(stage: Stage): Promise<LearnedStage> {
    const progress = ({ step, steps, loss, tokensPerSecond }: LearnProgress) =>
      this.report({ cell: this.id, row: stage.row, phase: "learn", done: step, total: steps, loss, tokensPerSecond });
    return learnStage(this.current, this.buffer, stage, this.task.cell, this.worker, progress);
  }

  private evaluate(stage: Stage): Promise<StoredEvaluation> {
    const { suite, onThread } = this.worker;
    return evaluateOnce(this.current, {
      directory: this.directory,
      suite: suite.digest,
      sets: questionSets(suite, stage),
      onThread,
      state: { cell: this.id, row: stage.row },
      shared: stage.row === 0 ? this.worker.sharedEvaluations : undefined,
      damaged: (path) => this.worker.post({ type: "notice", text: `${path} was damaged: it is made again` }),
      context: evaluationContext(this.worker, this.task.cell.trainer, (done, total) => {
        checkCancelled(this.worker);
        this.report({ cell: this.id, row: stage.row, phase: "evaluate", done, total });
      }),
    });
  }

  /** What a learner keeps is what it saves: it goes on from its own checkpoint, as it would after an interruption. */
  private async checkpointAndReload(row: number): Promise<Checkpoint> {
    const checkpoint = await saveCheckpoint(this.current, this.buffer, {
      directory: this.directory,
      cell: this.id,
      row,
    });
    await this.release();
    await this.create(this.checkpoint(row));
    return checkpoint;
  }

  /** What this cell saved after a row; nothing at row 0. */
  private checkpoint(row: number): string | undefined {
    return row === 0 ? undefined : join(this.directory, layout.checkpoint(this.id, row));
  }

  /** Builds the learner from a checkpoint, or a new one. */
  private async create(checkpoint: string | undefined): Promise<void> {
    const { suite, registry, setup } = this.worker;
    const { trainer, order, record, start } = this.task.cell;
    this.buffer = this.newBuffer();
    const model = start?.base ?? setup.model;
    const engine =
      setup.engine === undefined ? undefined : await engineChoice(setup.engine, model, registry, setup.compute);
    this.learner = await callPlugin("the trainer's create", () =>
      registry.trainer(trainer.name).create({
        model,
        ...(engine === undefined ? {} : { engine }),
        device: setup.device,
        threads: setup.threads,
        seed: record.seed,
        options: structuredClone(trainer.options),
        tasks: order.map((id) => describeTask(suite.tasks.find((task) => task.id === id)!)),
        quick: setup.quick,
        ...(setup.chat === true && { chat: true }),
      }),
    );
    if (checkpoint !== undefined) await restoreCheckpoint(this.learner, this.buffer, checkpoint);
  }

  private newBuffer(): MeteredBuffer {
    const { trainer, order } = this.task.cell;
    return new MeteredBuffer(trainer.privileges, payloadMeter(this.worker.suite.tasks, order));
  }

  /** Lets go of the learner, if there is one. */
  async release(): Promise<void> {
    const learner = this.learner;
    this.learner = undefined;
    if (learner !== undefined) await callPlugin("the trainer's release", () => learner.release());
  }

  /** Of the suite's first question, the same for every trainer. */
  private latency(): Promise<CostRecord["latency"]> {
    const { suite, setup } = this.worker;
    const [set] = questionSets(suite, this.stages[0]!);
    const { taskIdAtTest } = this.task.cell.trainer.privileges;
    const { requests, decoding } = requestsFor(set!, set!.examples.slice(0, 1), taskIdAtTest);
    checkCancelled(this.worker);
    return callPlugin("the trainer's generate", () =>
      measureLatency(this.current, requests[0]!, decoding, setup.quick ? 100 : 300),
    );
  }

  private get current(): Learner {
    return this.learner!;
  }
}
