import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import { checkRecord } from "../run/store/check-record.js";
import { readJson } from "../run/store/store.js";

/** A regression that somebody accepts for a while: the metric is judged by a wider margin until then. */
export interface Acknowledgement {
  metric: string;
  /** The fall that is accepted, in place of the declared margin. */
  margin: number;
  by: string;
  reason: string;
  /** The last day on which it holds, YYYY-MM-DD in UTC. */
  until: string;
  acknowledgedAt: string;
}

const fileOf = (directory: string, baseline: string): string => join(directory, baseline, "acknowledged.json");

/** All that was ever acknowledged for a baseline, the oldest first. */
export function readAcknowledgements(directory: string, baseline: string): Acknowledgement[] {
  const file = fileOf(directory, baseline);
  return existsSync(file) ? checkRecord<Acknowledgement[]>("acknowledged", readJson(file), file) : [];
}

/** Adds one to the record. Throws USAGE for a day that is none or is over. Returns the file. */
export function acknowledge(directory: string, baseline: string, acknowledgement: Acknowledgement): string {
  const { until, acknowledgedAt } = acknowledgement;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(until) ? new Date(`${until}T00:00:00Z`) : undefined;
  if (day === undefined || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== until) {
    throw new BenchError("USAGE", `"${until}" is no day`, { fix: "Give --until as YYYY-MM-DD." });
  }
  if (until < acknowledgedAt.slice(0, 10)) {
    throw new BenchError("USAGE", `${until} is over`, { fix: "Give --until a day that is still to come." });
  }
  const file = fileOf(directory, baseline);
  const all = [...readAcknowledgements(directory, baseline), acknowledgement];
  writeFileAtomically(file, `${JSON.stringify(all, null, 2)}\n`);
  return file;
}

/** What holds for a metric on a day: the latest that is not over. */
export function activeAcknowledgement(
  all: readonly Acknowledgement[],
  metric: string,
  today: string,
): Acknowledgement | undefined {
  return all.findLast((each) => each.metric === metric && today <= each.until);
}
