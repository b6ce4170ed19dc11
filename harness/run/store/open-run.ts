import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { RunRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { exampleRecords, questionSets } from "../cell/views.js";
import { differences } from "../plan/identity.js";
import type { RunPlan } from "../plan/plan.js";
import { changed } from "./file-content.js";
import { inStorage, Journal } from "./journal.js";
import { lockRun } from "./lock.js";
import { RunFiles } from "./run-files.js";
import { keepPictures } from "./run-pictures.js";
import { checkEvents, layout, readExamples, readRunRecord } from "./store.js";

/** A run directory that belongs to this process. */
export interface OpenRun {
  record: RunRecord;
  journal: Journal;
  /** The result files that the journal knew when it was opened. */
  files: RunFiles;
  /** SHA-256 of what was written before anything ran, by path. */
  written: Record<string, string>;
  close(): void;
}

/**
 * Takes the run directory of a plan: creates it, or goes on with what is there.
 *
 * @throws RUN_LOCKED, RUN_MISMATCH, STORAGE, DATA_INVALID for a corrupt journal.
 */
export function openRun(plan: RunPlan): OpenRun {
  inStorage(plan.directory, () => mkdirSync(plan.directory, { recursive: true }));
  const unlock = lockRun(plan.directory);
  try {
    const record = readRunRecord(plan.directory) ?? writeRun(plan);
    if (record.configDigest !== plan.record.configDigest) throw mismatch(plan.directory, record, plan.record);
    const journalPath = join(plan.directory, layout.journal);
    const journal = new Journal(journalPath);
    try {
      const files = new RunFiles(plan.directory, checkEvents(journal.content.events, journalPath));
      checkQuestions(plan, files);
      return {
        record,
        journal,
        files,
        written: Object.fromEntries([layout.run, layout.examples].map((path) => [path, files.digest(path)])),
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
  const write = (path: string, text: string): void => {
    const file = join(plan.directory, path);
    inStorage(file, () => writeFileAtomically(file, text));
  };
  inStorage(plan.directory, () => keepPictures(plan.directory, plan.suite));
  write(layout.examples, exampleLines(plan.suite));
  write(layout.run, `${JSON.stringify(plan.record, null, 2)}\n`);
  return plan.record;
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

function mismatch(directory: string, stored: RunRecord, planned: RunRecord): BenchError {
  return new BenchError(
    "RUN_MISMATCH",
    `${directory} belongs to another configuration: ${differences(stored, planned).join("; ")}`,
    {
      fix: `Choose another directory with --out, or repeat the stored run with \`${stored.command}\`.`,
      at: { file: join(directory, layout.run) },
    },
  );
}
