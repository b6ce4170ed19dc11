import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { readRegularFile } from "../contract/files/read-file.js";
import type { TrainerRecord } from "../contract/result.js";
import { type ComparedBaseline, isOwn } from "./baseline.js";
import type { Entry } from "./entry.js";
import { leastOrders, type Verdict } from "./judge.js";

/** The error of a gate over all its looks at one candidate. */
export const totalAlpha = 0.05;

/** One judgment of a candidate on evidence that was not judged before: a line of `<baseline>/looks.jsonl`. */
export interface Look {
  at: string;
  by: string;
  /** Version of the baseline. */
  version: number;
  /** Digest of what is compared: suite, model and trainer of both sides, whatever the orders and seeds. */
  comparison: string;
  /** Digest of the candidate's cells. */
  evidence: string;
  /** Task orders that both sides have. */
  orders: number;
  /** The error that was spent. */
  alpha: number;
  margins: Record<string, number>;
  verdict: Verdict;
}

/** What a look at a candidate may spend. */
export interface LookPlan extends Pick<Look, "comparison" | "evidence" | "orders" | "alpha"> {
  /** 1 for the first look at the candidate. */
  number: number;
  /** The number of orders at which all of the error may be spent. */
  mostOrders: number;
  /** Looks before this one, the oldest first. */
  before: Look[];
  /** Whether it spends nothing: the evidence was judged before, or consists of the baseline's own cells. */
  seen: boolean;
  /** What a later look at so many orders would have. */
  alphaAt(orders: number): number;
}

const fileOf = (directory: string, baseline: string): string => join(directory, baseline, "looks.jsonl");

/** Every look at candidates of a baseline, the oldest first. Throws DATA_INVALID for a damaged line. */
export function readLooks(directory: string, baseline: string): Look[] {
  const file = fileOf(directory, baseline);
  if (!existsSync(file)) return [];
  const lines = readRegularFile(file).toString("utf8").split("\n");
  return lines.flatMap((line, index) => (line.trim() === "" ? [] : [parseLook(line, file, index + 1)]));
}

function parseLook(text: string, file: string, line: number): Look {
  try {
    const look = JSON.parse(text) as Look;
    const { at, by, comparison, evidence, orders, alpha, margins } = look;
    const words = [at, by, comparison, evidence].every((value) => typeof value === "string");
    const numbers = Number.isInteger(orders) && alpha >= 0 && alpha <= totalAlpha;
    if (words && numbers && margins !== null && typeof margins === "object") return look;
  } catch {
    // not JSON: refused below
  }
  throw new BenchError("DATA_INVALID", "the log of looks has a damaged line", {
    fix: "Restore the file from version control: what it holds is what the error was spent on.",
    at: { file, line, column: 1 },
  });
}

/**
 * What a candidate may be judged by now. The error of 5% is spent in proportion to the orders seen (the power family of
 * Kim and DeMets 1987 with exponent 1): up to n of at most N orders 5% · n/N, of which each look gets what earlier ones
 * have left. The sum over looks is at most 5%, so false passes are at most 5% by the union bound, whatever the looks
 * depend on. The same cells once more are no new look: they have the error that was spent on them.
 *
 * @param maxOrders the declared maximum; the orders of the baseline without it, since no more can be paired.
 */
export function planLook(
  looks: readonly Look[],
  baseline: ComparedBaseline,
  candidate: Entry,
  maxOrders: number | undefined,
): LookPlan {
  const comparison = digestOf([subjectOf(baseline), subjectOf({ ...candidate.run, trainer: candidate.trainer })]);
  const evidence = digestOf(candidate.cells.map(({ id, matrix }) => [id, matrix.rows, matrix.probes]).sort());
  const blessed = new Set(baseline.cells.map(({ order }) => order));
  const orders = new Set(candidate.cells.map(({ order }) => order).filter((order) => blessed.has(order))).size;
  const mostOrders = Math.max(leastOrders, Math.min(maxOrders ?? blessed.size, blessed.size));
  const before = looks.filter((look) => look.comparison === comparison);
  const known = before.find((look) => look.evidence === evidence);
  const spent = before.reduce((sum, look) => sum + look.alpha, 0);
  const left = (count: number, already: number) => Math.max(0, totalAlpha * Math.min(1, count / mostOrders) - already);
  const alpha = known?.alpha ?? left(orders, spent);
  const seen = known !== undefined || isOwn(baseline, candidate);
  return {
    ...{ comparison, evidence, orders, alpha, mostOrders, before, seen },
    number: (known === undefined ? before.length : before.indexOf(known)) + 1,
    alphaAt: (count) => left(count, seen ? spent : spent + alpha),
  };
}

/** What is compared on one side, whatever its orders and seeds. */
function subjectOf(side: {
  suite: { digest: string };
  model: { digest: string };
  numerics: string;
  trainer: Pick<TrainerRecord, "name" | "version" | "options" | "code">;
  source?: { digest: string };
}) {
  const { name, version, options, code } = side.trainer;
  const { suite, model, numerics, source } = side;
  const trainer = { name, version, options, code };
  return { suite: suite.digest, model: model.digest, numerics, trainer, source: source?.digest };
}

/** Adds a look to the log. Throws STORAGE where it cannot be written: a look that is not counted breaks the promise. */
export function recordLook(directory: string, baseline: string, look: Look): void {
  const file = fileOf(directory, baseline);
  try {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify(look)}\n`);
  } catch (error) {
    throw new BenchError("STORAGE", `the look cannot be recorded: ${(error as Error).message}`, {
      fix: "Make the directory of the baseline writable, or give a copy of it with --baselines.",
      at: { file },
      cause: error,
    });
  }
}
