import type { Alert } from "../../../harness/contract/alert.js";
import type { ReportData } from "../../report-data.js";
import { count, duration, points } from "../shared/format.js";

/** An alert of a cell as a table row. */
export interface AlertView {
  critical: boolean;
  severity: string;
  trainer: string;
  order: string;
  seed: number;
  /** The task after which it was raised. */
  after: string;
  subject: string;
  change: string;
  allowed: string;
}

/** Number of alerts of a trainer. */
export interface AlertCount {
  trainer: string;
  critical: number;
  warnings: number;
}

/** The counts, the first of the alerts, and how many more there are. */
export interface AlertsView {
  counts: AlertCount[];
  shown: AlertView[];
  more: number;
  /** Whether the list is short enough to be shown unfolded. */
  open: boolean;
}

const atMost = 200;
const unfolded = 12;

/** Critical alerts first; within a severity in the order of cells and rows. */
export function alertsView({ run, cells }: ReportData): AlertsView {
  const views = cells.flatMap(({ trainer, order, seed, alerts }) => {
    const { tasks } = run.orders.find(({ name }) => name === order)!;
    return alerts.map(
      (alert): AlertView => ({
        critical: alert.severity === "critical",
        severity: alert.severity,
        ...{ trainer, order, seed },
        after: tasks[alert.row - 1] ?? "",
        ...described(alert),
      }),
    );
  });
  const worstFirst = [...views.filter(({ critical }) => critical), ...views.filter(({ critical }) => !critical)];
  const trainers = [...new Set(views.map(({ trainer }) => trainer))];
  const counts = trainers.map((name) => {
    const own = views.filter(({ trainer }) => trainer === name);
    const critical = own.filter((view) => view.critical).length;
    return { trainer: name, critical, warnings: own.length - critical };
  });
  const more = Math.max(0, views.length - atMost);
  return { counts, shown: worstFirst.slice(0, atMost), more, open: views.length <= unfolded };
}

/** What an alert is about, in words. */
export function described({ kind, subject, before, now, change, threshold }: Alert) {
  const percent = `${Math.abs(change * 100).toFixed(1)}%`;
  const limit = `${Number((threshold * 100).toPrecision(3))}%`;
  if (kind === "cost") {
    const text = subject === "seconds" ? duration : count;
    return {
      subject:
        { seconds: "time", trainedTokens: "tokens trained", generatedTokens: "tokens generated" }[subject] ?? "FLOPs",
      change: `${text(now)} of ${text(before)} (+${percent})`,
      allowed: `+${limit}`,
    };
  }
  const allowed = threshold === 0 ? "no drop" : `−${limit}`;
  return { subject, change: `${points(before)} → ${points(now)} (−${percent})`, allowed };
}
