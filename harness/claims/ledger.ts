import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { canonicalJson } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { readRegularFile } from "../contract/files/read-file.js";
import type { RunRecord } from "../contract/result.js";
import { armsOf } from "../contract/results/claim.js";
import { checkRecord } from "../run/store/check-record.js";
import { readRun, readRunRecord } from "../run/store/store.js";
import type { ResolvedArm } from "./arms.js";
import type { RegisteredClaim, Registration, SeenCells } from "./registered.js";
import { type Registered, registeredContent } from "./registration.js";

/**
 * A line of `claims-ledger.jsonl`, in the directory that holds the runs: a registration. It outlives the run's directory,
 * so that a statement is registered once for a suite and a model, however the run ends.
 */
export interface LedgerLine {
  schema: "claims-ledger@1";
  registration: string;
  createdAt: string;
  /** Name of the run's directory. */
  directory: string;
  suite: string;
  model: string;
  statements: Statement[];
  /** Digest of what was registered, without time and place. */
  content: string;
  /** Ids of the planned cells. */
  cells: string[];
}

/** What is registered once; a changed trainer is another experiment. */
interface Statement {
  statement: string;
  /** Such as replay@2. */
  trainers: string[];
}

const ledgerFile = "claims-ledger.jsonl";

/** What is about to be registered. */
export interface Proposal extends Registered {
  directory: string;
  record: Pick<RunRecord, "suite" | "model" | "cells">;
}

/**
 * Looks for earlier registrations on the same suite and model in the directory that holds the runs.
 *
 * @returns cells of the proposal that were finished under them; where a directory is gone, all cells that were planned.
 * @throws RUN_MISMATCH where a statement was registered before, otherwise than now; DATA_INVALID for a damaged ledger.
 */
export function searchLedger(proposal: Proposal): SeenCells[] {
  const { suite, model, cells } = proposal.record;
  const runs = dirname(proposal.directory);
  const earlier = readLedger(runs).filter((line) => line.suite === suite.digest && line.model === model.digest);
  const proposed = statementsOf(proposal.claims, proposal.arms);
  const content = registeredContent(proposal);
  for (const line of earlier) {
    if (line.content === content) continue;
    const known = new Set(line.statements.map((statement) => canonicalJson(statement)));
    const again = proposed.filter((statement) => known.has(canonicalJson(statement)));
    if (again.length > 0) throw registeredBefore(again, line, join(runs, ledgerFile));
  }
  const planned = new Set(cells.map(({ id }) => id));
  return earlier
    .filter((line) => line.directory !== basename(proposal.directory) || !isThere(proposal.directory))
    .map((line) => ({
      registration: line.registration,
      directory: line.directory,
      cells: finishedOf(line, runs).filter((id) => planned.has(id)),
    }))
    .filter((seen) => seen.cells.length > 0);
}

/** Notes a registration in the ledger next to its run. */
export function noteRegistration(registration: Registration, { directory, record }: Proposal): void {
  const line: LedgerLine = {
    schema: "claims-ledger@1",
    registration: registration.digest,
    createdAt: registration.createdAt,
    directory: basename(directory),
    suite: record.suite.digest,
    model: record.model.digest,
    statements: statementsOf(registration.claims, registration.arms),
    content: registeredContent(registration),
    cells: record.cells.map(({ id }) => id),
  };
  const runs = dirname(directory);
  mkdirSync(runs, { recursive: true });
  appendFileSync(join(runs, ledgerFile), `${JSON.stringify(line)}\n`);
}

function statementsOf(claims: readonly RegisteredClaim[], arms: Readonly<Record<string, ResolvedArm>>): Statement[] {
  return claims.map((claim) => {
    const trainers = armsOf(claim).flatMap((name) => {
      const arm = arms[name]!;
      return "missing" in arm ? [] : [`${arm.trainer}@${arm.version}`];
    });
    return { statement: claim.statement, trainers: [...new Set(trainers)].sort() };
  });
}

function registeredBefore(statements: readonly Statement[], line: LedgerLine, ledger: string): BenchError {
  const quoted = statements.map(({ statement }) => `"${statement}"`).join(", ");
  return new BenchError(
    "RUN_MISMATCH",
    `on this suite and model, ${quoted} ${statements.length === 1 ? "was" : "were"} registered before, on ${line.createdAt.slice(0, 10)}, in ${line.directory}`,
    {
      fix: `A statement is tested once: repeat the command of ${line.directory}, with more --orders up to its limit, or leave these out with --only. \`bench run\` and \`bench claims --run\` explore freely.`,
      at: { file: ledger },
    },
  );
}

function readLedger(runs: string): LedgerLine[] {
  const path = join(runs, ledgerFile);
  if (!existsSync(path)) return [];
  const lines = readRegularFile(path).toString("utf8").split("\n").filter(Boolean);
  return lines.map((text) => checkRecord<LedgerLine>("claims-ledger", parsed(text), path));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a torn line is no record, as the schema says
  }
}

const isThere = (directory: string): boolean => readRunRecord(directory) !== undefined;

function finishedOf({ directory, cells }: LedgerLine, runs: string): string[] {
  const place = join(runs, directory);
  if (!isThere(place)) return cells;
  const { matrices } = readRun(place);
  return cells.filter((id) => matrices[id] !== undefined);
}
