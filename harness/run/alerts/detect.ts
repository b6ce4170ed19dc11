import type { Alert, AlertKind, AlertSettings, AlertThresholds, CostBudget, Severity } from "../../contract/alert.js";
import { digestOf } from "../../contract/digest.js";
import type { MatrixRecord } from "../../contract/result.js";
import type { ProbeKind } from "../../contract/suite.js";

/** A cell as far as it is measured. */
export interface WatchedCell {
  id: string;
  /** Rows that are not measured yet are null. */
  matrix: MatrixRecord;
  /** Measured rows in order, each with what the cell has used up to it; unknown is null. */
  rows: readonly { row: number; spent: Record<keyof CostBudget, number | null> }[];
  /** How many rows the cell measures in all. */
  plannedRows: number;
}

/** One thing that is compared after one row. */
interface Comparison {
  kind: AlertKind;
  subject: string;
  before: number;
  now: number;
  /** Relative change for the worse; negative where it became better. */
  worse: number;
  items: number | null;
}

/** What a probe is watched as. Tasks that are never trained are none: often the base model is at chance on them. */
const probeKinds: Partial<Record<ProbeKind, AlertKind>> = {
  general: "ability",
  instruction: "ability",
  safety: "safety",
};

/** Below this a change is rounding. */
const rounding = 1e-9;

/**
 * The alerts that the last measured row of a cell raises. A task is compared with its score just after it was learned, a
 * probe with the base model, a cost with its share of the budget (budget × rows done / rows planned). What was as bad
 * after the row before is not told again; what recovered and falls anew is.
 *
 * Pure. A score that fell from 0 or was not measured raises nothing.
 */
export function detectAlerts(cell: WatchedCell, settings: AlertSettings): Alert[] {
  const last = cell.rows.length - 1;
  if (last < 1) return [];
  const earlier = new Map(comparisons(cell, last - 1, settings.budget).map((seen) => [keyOf(seen), seen]));
  return comparisons(cell, last, settings.budget).flatMap((seen): Alert[] => {
    const severity = severityOf(seen.worse, settings[seen.kind]);
    if (severity === undefined) return [];
    const before = earlier.get(keyOf(seen));
    const known = before === undefined ? undefined : severityOf(before.worse, settings[before.kind]);
    if (known === severity || known === "critical") return [];
    const { kind, subject, items, now, before: reference } = seen;
    const { row } = cell.rows[last]!;
    return [
      {
        id: digestOf({ cell: cell.id, row, kind, subject, severity }).slice(0, 16),
        ...{ severity, kind, subject, row, before: reference, now },
        change: kind === "cost" ? seen.worse : -seen.worse,
        threshold: settings[kind][severity]!,
        items,
      },
    ];
  });
}

/** The worst severity whose threshold a change passes. A threshold of 0 allows nothing. */
function severityOf(worse: number, { critical, warning }: AlertThresholds): Severity | undefined {
  const passes = (threshold: number | null) => threshold !== null && worse > threshold + rounding;
  return passes(critical) ? "critical" : passes(warning) ? "warning" : undefined;
}

function comparisons(cell: WatchedCell, place: number, budget: CostBudget): Comparison[] {
  const { matrix } = cell;
  const { row, spent } = cell.rows[place]!;
  const tasks = matrix.tasks.flatMap((task, index) =>
    index + 1 < row
      ? fall("task", task, matrix.rows[index + 1]![index], matrix.rows[row]![index], items(cell, index))
      : [],
  );
  const probes = Object.entries(matrix.probes).flatMap(([probe, scores]) => {
    const kind = probeKinds[matrix.probeKinds[probe]!];
    return kind === undefined ? [] : fall(kind, probe, scores[0], scores[row], matrix.probeN[probe] ?? null);
  });
  const share = (place + 1) / cell.plannedRows;
  const costs = (Object.keys(budget) as (keyof CostBudget)[]).flatMap((measure): Comparison[] => {
    const [now, before] = [spent[measure], budget[measure]! * share];
    return now === null ? [] : [{ kind: "cost", subject: measure, before, now, worse: now / before - 1, items: null }];
  });
  return row === 0 ? [] : [...tasks, ...probes, ...costs];
}

function fall(
  kind: AlertKind,
  subject: string,
  before: number | null | undefined,
  now: number | null | undefined,
  items: number | null,
): Comparison[] {
  if (before === null || before === undefined || now === null || now === undefined || before <= 0) return [];
  return [{ kind, subject, before, now, worse: (before - now) / before, items }];
}

const items = ({ matrix }: WatchedCell, task: number): number | null =>
  matrix.n.findLast((line) => line[task] !== null && line[task] !== undefined)?.[task] ?? null;

const keyOf = ({ kind, subject }: Comparison): string => `${kind} ${subject}`;
