import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { CellRecord, RunRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { exampleRecords, questionSets } from "../cell/views.js";
import type { RunPlan } from "../plan/plan.js";
import { cellsBeyond, extensionText } from "./extension.js";
import { changed, readBytes } from "./file-content.js";
import { inStorage, Journal } from "./journal.js";
import { lockRun } from "./lock.js";
import { RunFiles } from "./run-files.js";
import { keepPictures } from "./run-pictures.js";
import { checkEvents, layout, readExamples, readRunRecord } from "./store.js";

/** A run directory that belongs to this process. */
export interface OpenRun {
  record: RunRecord;
  /** What was left out while reading, and how it was extended. */
  notices: string[];
  journal: Journal;
  /** The result files that the journal knew when it was opened. */
  files: RunFiles;
  /** SHA-256 of what was written before anything ran, by path. */
  written: Record<string, string>;
  close(): void;
}

/**
 * Takes the run directory of a plan: creates it, goes on with what is there, or extends that by further cells.
 *
 * @throws RUN_LOCKED, RUN_MISMATCH, STORAGE, DATA_INVALID for a corrupt journal.
 */
export function openRun(plan: RunPlan): OpenRun {
  inStorage(plan.directory, () => mkdirSync(plan.directory, { recursive: true }));
  const unlock = lockRun(plan.directory);
  try {
    const stored = readRunRecord(plan.directory) ?? writeRun(plan);
    const added = cellsBeyond(stored, plan);
    const journalPath = join(plan.directory, layout.journal);
    const journal = new Journal(journalPath);
    try {
      const files = new RunFiles(plan.directory, checkEvents(journal.content.events, journalPath));
      checkQuestions(plan, files);
      const record = added.length === 0 ? stored : extendRun(plan, stored, added, journal);
      return {
        record,
        notices: [...journal.content.notices, ...extensionNotice(record, added)],
        journal,
        files,
        written: Object.fromEntries([layout.run, layout.examples].map((path) => [path, fileDigest(plan, path)])),
        close() {
          journal.close();
          unlock();
        },
      };
    } catch (error) {
      journal.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

/** `run.json` is written last: where it exists, the questions do too. */
function writeRun(plan: RunPlan): RunRecord {
  const journal = join(plan.directory, layout.journal);
  if (existsSync(journal)) {
    throw new BenchError("RUN_MISMATCH", `${plan.directory} contains a journal but no ${layout.run}`, {
      fix: "Restore run.json from a copy, or choose another directory with --out.",
      at: { file: journal },
    });
  }
  inStorage(plan.directory, () => keepPictures(plan.directory, plan.suite));
  write(plan, layout.examples, exampleLines(plan.suite));
  write(plan, layout.run, recordText(plan.record));
  return plan.record;
}

/**
 * Gives a run further cells. The journal says so before `run.json` is replaced: killed in between, the run is still the
 * one that it was, and its files are intact.
 */
function extendRun(plan: RunPlan, stored: RunRecord, added: readonly CellRecord[], journal: Journal): RunRecord {
  const record = { ...plan.record, createdAt: stored.createdAt, environment: stored.environment };
  const text = recordText(record);
  journal.append({
    type: "run-extended",
    configDigest: record.configDigest,
    command: record.command,
    cells: added.map(({ id }) => id),
    before: { [layout.run]: fileDigest(plan, layout.run) },
    files: { [layout.run]: sha256(text) },
  });
  write(plan, layout.run, text);
  return record;
}

const extensionNotice = ({ cells }: RunRecord, added: readonly CellRecord[]): string[] =>
  added.length === 0 ? [] : [`the run is extended: ${extensionText(cells, added)}`];

const recordText = (record: RunRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** SHA-256 of a file of the run as it is. */
const fileDigest = ({ directory }: RunPlan, path: string): string => sha256(readBytes(join(directory, path)));

function write({ directory }: RunPlan, path: string, text: string): void {
  const file = join(directory, path);
  inStorage(file, () => writeFileAtomically(file, text));
}

function exampleLines(suite: Suite): string {
  const records = questionSets(suite, { shifted: true }).flatMap(exampleRecords);
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** What the run was asked is what it wrote at its start; the questions can be written again, `run.json` cannot. */
function checkQuestions(plan: RunPlan, files: RunFiles): void {
  if (!files.isIntact(layout.run)) throw changed(join(plan.directory, layout.run));
  if (files.isIntact(layout.examples)) return;
  writeFileAtomically(join(plan.directory, layout.examples), exampleLines(plan.suite));
  readExamples(files);
}
