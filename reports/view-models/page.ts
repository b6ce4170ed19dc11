import type { ReportData } from "../report-data.js";
import { type AbilityView, abilityViews } from "./abilities.js";
import { type AlertView, alertViews } from "./alerts.js";
import { type CourseView, courseViews } from "./course.js";
import { entriesOf } from "./entries.js";
import { type FailureView, failureViews } from "./failures.js";
import { type Finding, findings } from "./findings.js";
import { type GlossaryView, glossaryViews } from "./glossary.js";
import { type HeaderView, headerView } from "./header.js";
import { type LeaderboardView, leaderboardView } from "./leaderboard.js";
import { type MatricesView, matricesViews } from "./matrices.js";
import { type ProvenanceView, provenanceView } from "./provenance.js";
import { type SampleSource, type TrainerSamplesView, trainerSamplesView } from "./samples.js";
import { type TaskView, taskViews } from "./tasks.js";
import { type TradeOffView, tradeOffViews } from "./trade-offs.js";

/** The whole page as data: what the templates show, and nothing else. */
export interface PageView {
  header: HeaderView;
  findings: Finding[];
  leaderboard: LeaderboardView;
  tradeOffs: TradeOffView[];
  abilities: AbilityView[];
  courses: CourseView[];
  matrices: MatricesView[];
  tasks: TaskView[];
  samples: TrainerSamplesView[];
  failures: FailureView[];
  alerts: AlertView[];
  notices: string[];
  provenance: ProvenanceView;
  glossary: GlossaryView[];
  /** Path from the page to the run directory, ending in a slash. */
  base: string;
}

/** Pure: equal data gives an equal page. */
export function pageView(data: ReportData, samples: readonly SampleSource[], base: string): PageView {
  const entries = entriesOf(data);
  return {
    header: headerView(data),
    findings: findings(data, entries),
    leaderboard: leaderboardView(data, entries),
    tradeOffs: tradeOffViews(entries),
    abilities: abilityViews(data, entries),
    courses: courseViews(data, entries),
    matrices: matricesViews(data, entries),
    tasks: taskViews(data, entries),
    samples: entries.flatMap(({ name }) => samples.filter(({ trainer }) => trainer === name).map(trainerSamplesView)),
    failures: failureViews(data),
    alerts: alertViews(data),
    notices: data.notices,
    provenance: provenanceView(data),
    glossary: glossaryViews(data),
    base,
  };
}
