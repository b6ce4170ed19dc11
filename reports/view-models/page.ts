import type { RunRecord } from "../../harness/contract/result.js";
import type { ReportData } from "../report-data.js";
import { languageLossView } from "./leaderboard/language-loss.js";
import { type LeaderboardView, leaderboardView } from "./leaderboard/leaderboard.js";
import { type PublishedView, publishedView } from "./leaderboard/published.js";
import { type TradeOffView, tradeOffViews } from "./leaderboard/trade-offs.js";
import { type SamplesView, samplesView } from "./samples/catalog.js";
import { type AbilityView, abilityViews } from "./scores/abilities.js";
import { type MatricesView, matricesView } from "./scores/matrices.js";
import { type SequenceCurvesView, sequenceCurvesView } from "./scores/sequence-curves.js";
import { type TaskView, taskViews } from "./scores/tasks.js";
import { type WithinTaskCurvesView, withinTaskCurvesView } from "./scores/within-task-curves.js";
import type { Entry } from "./shared/entries.js";
import { type AlertsView, alertsView } from "./summary/alerts.js";
import { type ClaimsView, claimsView } from "./summary/claims.js";
import { type FailuresView, failuresView } from "./summary/failures.js";
import { type Finding, findings } from "./summary/findings.js";
import { type GlossaryView, glossaryViews } from "./summary/glossary.js";
import { type HeaderView, headerView } from "./summary/header.js";
import { type ProvenanceView, provenanceView } from "./summary/provenance.js";
import { type BatchCompositionView, batchCompositionViews } from "./training-data/batch-composition.js";
import { type DriftView, driftView } from "./training-data/drift.js";
import { type SyntheticView, syntheticViews } from "./training-data/synthetic.js";

/** The report page as data: everything the templates show. */
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
  withinTaskMeasured: boolean;
  tasks: TaskView[];
  samples: SamplesView;
  synthetic: SyntheticView[];
  trainingData: { drift: DriftView | undefined; batches: BatchCompositionView[] } | undefined;
  failures: FailuresView;
  alerts: AlertsView;
  notices: string[];
  provenance: ProvenanceView;
  glossary: GlossaryView[];
}

/** One task order: inline, or as shards that are loaded when unfolded. */
export interface OrderView {
  name: string;
  open: boolean;
  sequenceCurves: SequenceCurvesView | { shard: string };
  matrices: MatricesView | { shard: string };
  /** Absent if nothing was measured within tasks. */
  withinTaskCurves?: WithinTaskCurvesView | { shard: string };
}

/** Maximum number of heat maps and rows of curves inline, the first orders first. */
const mapsInline = 48;

/**
 * Pure: equal data gives an equal page.
 *
 * @param base path from the page to the run directory, ending in a slash.
 */
export function pageView(data: ReportData, entries: readonly Entry[], base: string): PageView {
  const orders = data.run.orders.map((order, index) => orderView(order, index, entries, base));
  const languageLoss = languageLossView(entries, data.metrics);
  const [drift, batches] = [driftView(entries), batchCompositionViews(entries)];
  return {
    header: headerView(data),
    findings: findings(data, entries),
    leaderboard: leaderboardView(data, entries),
    claims: claimsView(data.claims),
    published: publishedView(data, entries),
    tradeOffs: [...tradeOffViews(entries), ...(languageLoss === undefined ? [] : [languageLoss])],
    abilities: abilityViews(data, entries),
    orders,
    withinTaskMeasured: orders.some(({ withinTaskCurves }) => withinTaskCurves !== undefined),
    tasks: taskViews(data, entries),
    samples: samplesView(data.run, entries, base),
    synthetic: syntheticViews(entries),
    trainingData: drift === undefined && batches.length === 0 ? undefined : { drift, batches },
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
  if (index === 0 || (index + 1) * entries.length <= mapsInline) {
    const withinTaskCurves = withinTaskCurvesView(order, entries);
    return {
      ...heading,
      sequenceCurves: sequenceCurvesView(order, entries),
      matrices: matricesView(order, index, entries, base),
      ...(withinTaskCurves === undefined ? {} : { withinTaskCurves }),
    };
  }
  const measured = entries.some(({ cells }) => cells.some(({ curves }) => curves?.order === order.name));
  return {
    ...heading,
    sequenceCurves: { shard: `sequence-curves-${index + 1}` },
    matrices: { shard: `matrices-${index + 1}` },
    ...(measured ? { withinTaskCurves: { shard: `within-task-curves-${index + 1}` } } : {}),
  };
}
