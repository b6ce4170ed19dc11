import type { Alert } from "../../../harness/contract/alert.js";
import type { CellResult, ReportData } from "../../report-data.js";
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

/** The first of some alerts, critical ones before others. */
export interface AlertListView<View extends AlertView = AlertView> {
  shown: View[];
  /** Alerts that are not shown. */
  more: number;
  /** Whether the list is short enough to be shown unfolded. */
  open: boolean;
}

/** The alerts of a run, and how many there are of each trainer. */
export interface AlertsView extends AlertListView {
  counts: AlertCount[];
}

/** Alerts that a page shows at most, and up to how many it shows unfolded. */
export const mostAlerts = 200;
const unfolded = 12;

/** Critical alerts first; within a severity in the order of cells and rows. */
export function alertsView({ run, cells }: ReportData): AlertsView {
  const views = cells.flatMap((cell) => cellAlerts(cell, run.orders.find(({ name }) => name === cell.order)!.tasks));
  const trainers = [...new Set(views.map(({ trainer }) => trainer))];
  const counts = trainers.map((name) => {
    const own = views.filter(({ trainer }) => trainer === name);
    const critical = own.filter((view) => view.critical).length;
    return { trainer: name, critical, warnings: own.length - critical };
  });
  return { counts, ...alertList(views) };
}

/** The alerts of a cell, in the order in which they were raised. */
export function cellAlerts(
  { trainer, order, seed, alerts }: Pick<CellResult, "trainer" | "order" | "seed" | "alerts">,
  tasks: readonly string[],
): AlertView[] {
  return alerts.map((alert) => ({
    critical: alert.severity === "critical",
    severity: alert.severity,
    ...{ trainer, order, seed },
    after: tasks[alert.row - 1] ?? "",
    ...described(alert),
  }));
}

/** As many of some alerts as a page shows: critical ones first, else in their order. */
export function alertList<View extends AlertView>(views: readonly View[]): AlertListView<View> {
  const worstFirst = [...views.filter(({ critical }) => critical), ...views.filter(({ critical }) => !critical)];
  return {
    shown: worstFirst.slice(0, mostAlerts),
    more: Math.max(0, views.length - mostAlerts),
    open: views.length <= unfolded,
  };
}

/** What an alert is about, in words. */
function described({ kind, subject, before, now, change, threshold }: Alert) {
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
