import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DashboardRun } from "../contract/dashboard.js";
import type { JournalEvent, RunRecord } from "../contract/result.js";
import { type CellState, cellStates } from "../run/store/cell-state.js";
import { checkRun } from "../run/store/check-results.js";
import { type JournalBeginning, readJournal } from "../run/store/journal.js";
import { isLocked } from "../run/store/lock.js";
import { readProgress } from "../run/store/progress-file.js";
import { RunFiles } from "../run/store/run-files.js";
import { checkEvents, layout, runsIn } from "../run/store/store.js";
import { CellReader } from "./cells.js";
import type { Problems } from "./problems.js";

/** Runs that are shown, the newest ones. */
const mostRuns = 50;

/** Follows the runs below some directories, with a look at what has changed. */
export class RunsReader {
  readonly #followed = new Map<string, RunReader>();

  /** @param paths run directories, or directories of them. */
  constructor(private readonly paths: readonly string[]) {}

  /** @param problems gets why a run cannot be read. */
  read(problems: Problems): DashboardRun[] {
    const runs = this.#directories().flatMap((directory) => {
      const known = this.#followed.get(directory) ?? new RunReader(directory);
      this.#followed.set(directory, known);
      return problems.attempt(directory, () => [known.read()], []);
    });
    return runs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0));
  }

  #directories(): string[] {
    const changed = (path: string): number =>
      statSync(join(path, layout.journal), { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
    return [...new Set(this.paths.flatMap(runsIn))].sort((a, b) => changed(b) - changed(a)).slice(0, mostRuns);
  }
}

/** One run: its journal is read from where it ended. */
class RunReader {
  #run: RunRecord | undefined;
  #cells: CellReader | undefined;
  #events: JournalEvent[] = [];
  #states: Record<string, CellState> = {};
  #files: RunFiles | undefined;
  #beginning: JournalBeginning | undefined;

  constructor(private readonly directory: string) {}

  read(): DashboardRun {
    const { directory } = this;
    this.#readJournal();
    const files = this.#files!;
    const run = this.#run!;
    const running = isLocked(directory);
    const progress = running ? readProgress(directory) : undefined;
    const cells = run.cells.map((cell) => {
      const working = progress?.cells.find((each) => each.cell === cell.id);
      return this.#cells!.read(cell, this.#states[cell.id]!, files, working);
    });
    const settled = cells.every(({ status }) => status === "done" || status === "failed");
    const finished = this.#events.findLast((event) => event.type === "run-finished");
    return {
      ...{ directory, id: run.id, createdAt: run.createdAt, model: run.model.reference, cells },
      suite: { name: run.suite.name, version: run.suite.version, generated: run.suite.generated },
      state: running && !settled ? "running" : settled ? "finished" : "interrupted",
      progress: progress === undefined ? null : { fraction: progress.fraction, secondsLeft: progress.secondsLeft },
      peakMemoryBytes: finished?.peakMemoryBytes ?? null,
    };
  }

  #readJournal(): void {
    const file = join(this.directory, layout.journal);
    const content = existsSync(file) ? readJournal(file, this.#beginning) : undefined;
    const added = checkEvents(content?.events ?? [], file);
    if (this.#run !== undefined && added.length === 0 && (content?.after ?? 0) === this.#events.length) return;
    this.#events = (content?.after ?? 0) === 0 ? added : [...this.#events, ...added];
    this.#beginning = content?.beginning;
    this.#files = new RunFiles(this.directory, this.#events);
    if (added.some(({ type }) => type === "run-started")) this.#run = undefined; // it may have further cells
    if (this.#run === undefined) {
      this.#run = checkRun(this.#files.json("run", layout.run), join(this.directory, layout.run));
      this.#cells = new CellReader(this.directory, this.#run);
    }
    this.#states = cellStates(this.#run.cells, this.#events);
  }
}
