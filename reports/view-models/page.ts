import type { RunRecord } from "../../harness/contract/result.js";
import type { ReportData } from "../report-data.js";
import { type AbilityView, abilityViews } from "./abilities.js";
import { type AlertsView, alertsView } from "./alerts.js";
import { type ClaimsView, claimsView } from "./claims.js";
import { type CourseView, courseView } from "./course.js";
import { type CurvesView, curvesView } from "./curves.js";
import { type DrawnView, drawnViews } from "./drawn.js";
import { type DriftView, driftView } from "./drift.js";
import type { Entry } from "./entries.js";
import { type FailuresView, failuresView } from "./failures.js";
import { type Finding, findings } from "./findings.js";
import { type GlossaryView, glossaryViews } from "./glossary.js";
import { type HeaderView, headerView } from "./header.js";
import { type LeaderboardView, leaderboardView } from "./leaderboard.js";
import { type MatricesView, matricesView } from "./matrices.js";
import { type ProvenanceView, provenanceView } from "./provenance.js";
import { type PublishedView, publishedView } from "./published.js";
import { type SamplesView, samplesView } from "./samples.js";
import { type SyntheticView, syntheticViews } from "./synthetic.js";
import { type TaskView, taskViews } from "./tasks.js";
import { type TradeOffView, tradeOffViews } from "./trade-offs.js";

/** The whole page as data: what the templates show, and nothing else. */
export interface PageView {
  header: HeaderView;
  findings: Finding[];
  leaderboard: LeaderboardView;
  claims: ClaimsView | undefined;
  published: PublishedView | undefined;
  tradeOffs: TradeOffView[];
  abilities: AbilityView[];
  orders: OrderView[];
  /** Whether any cell was measured within tasks. */
  observed: boolean;
  tasks: TaskView[];
  samples: SamplesView;
  synthetic: SyntheticView[];
  data: { drift: DriftView | undefined; drawn: DrawnView[] } | undefined;
  failures: FailuresView;
  alerts: AlertsView;
  notices: string[];
  provenance: ProvenanceView;
  glossary: GlossaryView[];
}

/** What is shown of one task order: in the page, or as parts that are loaded when they are unfolded. */
export interface OrderView {
  name: string;
  open: boolean;
  course: CourseView | { shard: string };
  matrices: MatricesView | { shard: string };
  /** Absent where nothing was measured within tasks. */
  curves?: CurvesView | { shard: string };
}

/** So many heat maps and rows of curves may stand in the page, the first orders first. */
const mapsInPage = 48;

/**
 * Pure: equal data gives an equal page.
 *
 * @param base path from the page to the run directory, ending in a slash.
 */
export function pageView(data: ReportData, entries: readonly Entry[], base: string): PageView {
  const orders = data.run.orders.map((order, index) => orderView(order, index, entries, base));
  const [drift, drawn] = [driftView(entries), drawnViews(entries)];
  return {
    header: headerView(data),
    findings: findings(data, entries),
    leaderboard: leaderboardView(data, entries),
    claims: claimsView(data.claims),
    published: publishedView(data, entries),
    tradeOffs: tradeOffViews(entries),
    abilities: abilityViews(data, entries),
    orders,
    observed: orders.some(({ curves }) => curves !== undefined),
    tasks: taskViews(data, entries),
    samples: samplesView(data.run, entries, base),
    synthetic: syntheticViews(entries),
    data: drift === undefined && drawn.length === 0 ? undefined : { drift, drawn },
    failures: failuresView(data),
    alerts: alertsView(data),
    notices: data.notices,
    provenance: provenanceView(data),
    glossary: glossaryViews(data),
  };
}

function orderView(
  order: RunRecord["orders"][number],
  index: number,
  entries: readonly Entry[],
  base: string,
): OrderView {
  const heading = { name: order.name, open: index === 0 };
  if (index === 0 || (index + 1) * entries.length <= mapsInPage) {
    const curves = curvesView(order, entries);
    return {
      ...heading,
      course: courseView(order, entries),
      matrices: matricesView(order, index, entries, base),
      ...(curves === undefined ? {} : { curves }),
    };
  }
  const observed = entries.some(({ cells }) => cells.some(({ curves }) => curves?.order === order.name));
  return {
    ...heading,
    course: { shard: `course-${index + 1}` },
    matrices: { shard: `matrices-${index + 1}` },
    ...(observed ? { curves: { shard: `curves-${index + 1}` } } : {}),
  };
}
