import type { Alert, AlertKind, AlertSettings, AlertThresholds, CostBudget, Severity } from "../../contract/alert.js";
import { digestOf } from "../../contract/digest.js";
import type { MatrixRecord } from "../../contract/result.js";
import type { ProbeKind } from "../../contract/suite.js";
import { fallProbability } from "../../metrics/statistics/sign-test.js";

/** A cell as far as it is measured. */
export interface WatchedCell {
  id: string;
  /** Rows that are not measured yet are null. */
  matrix: MatrixRecord;
  /** Measured rows in order, each with what the cell has used up to it; unknown is null. */
  rows: readonly { row: number; spent: Record<keyof CostBudget, number | null> }[];
  /** How many rows the cell measures in all. */
  plannedRows: number;
  /** Scores of a task's or probe's items after a row, by item; undefined where they are not known. */
  scores(dataset: "test" | "probe", set: string, row: number): ReadonlyMap<string, number> | undefined;
}

/** One thing that is compared: with what it was before, or with another model's. */
export interface WatchedChange {
  kind: AlertKind;
  subject: string;
  before: number;
  now: number;
  /** Relative change for the worse; negative where it became better. */
  worse: number;
  items: number | null;
  /** Of such a fall by chance; null where it cannot be computed. */
  probability: number | null;
}

/** What a probe is watched as. Tasks that are never trained are none: often the base model is at chance on them. */
export const watchedProbes: Partial<Record<ProbeKind, AlertKind>> = {
  general: "ability",
  instruction: "ability",
  safety: "safety",
};

/** Below this a change is rounding. */
const rounding = 1e-9;

/**
 * The alerts that the last measured row of a cell raises. A task is compared with its score just after it was learned, a
 * probe with the base model, a cost with its share of the budget (budget × rows done / rows planned). What was as bad
 * after the row before is not reported again; what recovered and falls again is.
 *
 * Pure. A score that fell from 0 or was not measured raises nothing.
 */
export function detectAlerts(cell: WatchedCell, settings: AlertSettings): Alert[] {
  const last = cell.rows.length - 1;
  if (last < 1) return [];
  const earlier = new Map(comparisons(cell, last - 1, settings.budget).map((seen) => [keyOf(seen), seen]));
  return comparisons(cell, last, settings.budget).flatMap((seen): Alert[] => {
    const severity = severityOf(seen, settings);
    if (severity === undefined) return [];
    const before = earlier.get(keyOf(seen));
    const known = before === undefined ? undefined : severityOf(before, settings);
    if (known === severity || known === "critical") return [];
    return [alertOf(seen, severity, cell.rows[last]!.row, { cell: cell.id }, settings)];
  });
}

/**
 * The alert of a change.
 *
 * @param origin what distinguishes it, beside row, subject and severity, from the same change elsewhere.
 */
export function alertOf(
  { kind, subject, items, probability, now, before, worse }: WatchedChange,
  severity: Severity,
  row: number,
  origin: Record<string, string>,
  settings: AlertSettings,
): Alert {
  return {
    id: digestOf({ ...origin, row, kind, subject, severity }).slice(0, 16),
    ...{ severity, kind, subject, row, before, now },
    change: kind === "cost" ? worse : -worse,
    threshold: thresholdOf(settings[kind], severity),
    items,
    probability,
  };
}

/**
 * The worst severity whose threshold a change passes; a threshold of 0 allows nothing. A fall that chance makes easily
 * raises nothing, but a warning for safety.
 */
export function severityOf({ kind, worse, probability }: WatchedChange, settings: AlertSettings): Severity | undefined {
  const { critical, warning } = settings[kind];
  const passes = (threshold: number | null) => threshold !== null && worse > threshold + rounding;
  const severity = passes(critical) ? "critical" : passes(warning) ? "warning" : undefined;
  const noise = settings.noise !== null && probability !== null && probability > settings.noise;
  if (!noise || severity === undefined) return severity;
  return kind === "safety" ? "warning" : undefined;
}

/** The threshold of a severity; that of the other one where a fall was lowered to a warning. */
export const thresholdOf = ({ critical, warning }: AlertThresholds, severity: Severity): number =>
  (severity === "critical" ? critical : (warning ?? critical))!;

function comparisons(cell: WatchedCell, place: number, budget: CostBudget): WatchedChange[] {
  const { matrix } = cell;
  const { row, spent } = cell.rows[place]!;
  const tasks = matrix.tasks.flatMap((task, index) =>
    index + 1 < row
      ? fall("task", task, matrix.rows[index + 1]![index], matrix.rows[row]![index], {
          items: items(cell, index),
          probability: chance(cell, "test", task, index + 1, row),
        })
      : [],
  );
  const probes = Object.entries(matrix.probes).flatMap(([probe, scores]) => {
    const kind = watchedProbes[matrix.probeKinds[probe]!];
    return kind === undefined
      ? []
      : fall(kind, probe, scores[0], scores[row], {
          items: matrix.probeN[probe] ?? null,
          probability: chance(cell, "probe", probe, 0, row),
        });
  });
  const share = (place + 1) / cell.plannedRows;
  const costs = (Object.keys(budget) as (keyof CostBudget)[]).flatMap((measure): WatchedChange[] => {
    const [now, before] = [spent[measure], budget[measure]! * share];
    const [items, probability] = [null, null];
    return now === null
      ? []
      : [{ kind: "cost", subject: measure, before, now, worse: now / before - 1, items, probability }];
  });
  return row === 0 ? [] : [...tasks, ...probes, ...costs];
}

/** A fall of a score; none of one that was 0 or was not measured. */
export function fall(
  kind: AlertKind,
  subject: string,
  before: number | null | undefined,
  now: number | null | undefined,
  evidence: Pick<WatchedChange, "items" | "probability">,
): WatchedChange[] {
  if (before === null || before === undefined || now === null || now === undefined || before <= 0) return [];
  return [{ kind, subject, before, now, worse: (before - now) / before, ...evidence }];
}

/** How often chance alone lets so many items fall from one row to another; null where their scores are not known. */
function chance(cell: WatchedCell, dataset: "test" | "probe", set: string, from: number, to: number): number | null {
  const [before, now] = [cell.scores(dataset, set, from), cell.scores(dataset, set, to)];
  if (before === undefined || now === undefined) return null;
  return fallProbability([...before].flatMap(([id, score]) => (now.has(id) ? [[score, now.get(id)!] as const] : [])));
}

const items = ({ matrix }: WatchedCell, task: number): number | null =>
  matrix.n.findLast((line) => line[task] !== null && line[task] !== undefined)?.[task] ?? null;

const keyOf = ({ kind, subject }: WatchedChange): string => `${kind} ${subject}`;
