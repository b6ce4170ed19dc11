import type {
  DashboardEvidence,
  DashboardModel,
  DashboardRollout,
  DashboardState,
} from "../../../harness/contract/dashboard.js";
import { isOver } from "../../../harness/rollout/state.js";
import { evidenceCurve } from "../../charts/evidence-curve.js";
import { anchorOf, missing, moment } from "../shared/format.js";

/** Rollouts as a live page shows them: of each model the last one whole, the others as rows. */
export interface LiveRolloutView {
  id: string;
  model: string;
  candidate: number;
  champion: number;
  phase: string;
  /** Whether it ended in the candidate's disfavor. */
  bad: boolean;
  /** Percent of the requests that the candidate answers. */
  share: string;
  /** What is to be done now, and why; null where it is over. */
  next: string | null;
  facts: { term: string; text: string }[];
  metrics: EvidenceView[];
  history: { at: string; what: string; by: string; reason: string }[];
  /** Whether the way back is offered here; the command where it is not. */
  action: { possible: boolean; offered: boolean };
  earlier: { number: number; versions: string; outcome: string; at: string; reason: string }[];
}

interface EvidenceView {
  metric: string;
  critical: boolean;
  candidate: number;
  champion: number;
  difference: string;
  margin: string;
  worse: string;
  notWorse: string;
  chart: string;
}

/** Events of a rollout that are shown, the newest ones. */
const mostEvents = 20;

export function liveRolloutViews({
  models,
  takesKeys,
}: Pick<DashboardState, "models" | "takesKeys">): LiveRolloutView[] {
  return models.flatMap((model) => {
    const [last, ...earlier] = model.rollouts;
    return last === undefined ? [] : [rolloutView(model, last, earlier, takesKeys)];
  });
}

function rolloutView(
  { name }: DashboardModel,
  rollout: DashboardRollout,
  earlier: readonly DashboardRollout[],
  takesKeys: boolean,
): LiveRolloutView {
  const { phase, percent, steps, step, candidate, champion, decision, history } = rollout;
  const share = `${percent}%`;
  const next = isOver(rollout) ? null : `${decision.action}: ${decision.reason}`;
  const place = steps.map((each, index) => (index === step ? `[${each}%]` : `${each}%`)).join(" → ");
  const few = rollout.metrics.map(({ metric, inStep }) => `${metric} ${inStep}`).join(", ");
  return {
    ...{ id: `rollout-${anchorOf(name)}`, model: name, candidate, champion, phase: phase.replace("-", " ") },
    ...{ bad: phase === "rolled-back" || phase === "aborted", share, next },
    facts: [
      { term: "Share of the candidate", text: share },
      ...(next === null
        ? [{ term: "Reason", text: history.at(-1)!.reason || missing }]
        : [
            { term: "Steps", text: `${place} → champion` },
            { term: `Observations in this step (${rollout.minimum} needed)`, text: few },
            { term: "Next", text: next },
          ]),
    ],
    metrics: rollout.metrics.map((metric) => evidenceView(metric, `evidence-${anchorOf(name)}`)),
    history: history
      .slice(-mostEvents)
      .reverse()
      .map((event) => ({ at: moment(event.at), what: eventText(event, steps), by: event.by, reason: event.reason })),
    action: { possible: next !== null || phase === "promoted", offered: takesKeys },
    earlier: earlier.map((each) => ({
      number: each.number,
      versions: `${each.candidate} against ${each.champion}`,
      outcome: each.phase.replace("-", " "),
      at: moment(each.history.at(-1)!.at),
      reason: each.history.at(-1)!.reason,
    })),
  };
}

function evidenceView(evidence: DashboardEvidence, prefix: string): EvidenceView {
  const { metric, observations, difference, margin, lowerIsBetter, worse, worseBound, notWorse, notWorseBound } =
    evidence;
  const wealths = `that it is worse ${wealth(worse)} of ${wealth(worseBound)}, that it is not ${wealth(notWorse)} of ${wealth(notWorseBound)}`;
  // a positive difference is better; shown is the metric's own direction
  const own = difference === null ? null : lowerIsBetter ? -difference : difference;
  return {
    ...{ metric, critical: evidence.critical, ...observations },
    difference: own === null ? missing : signed(own),
    margin: `${lowerIsBetter ? "+" : "−"}${number(margin)}`,
    worse: `${wealth(worse)} of ${wealth(worseBound)}`,
    notWorse: `${wealth(notWorse)} of ${wealth(notWorseBound)}`,
    chart: evidenceCurve({
      id: `${prefix}-${anchorOf(metric)}`,
      title: `Evidence on ${metric}`,
      description: `Wealth of the bets after ${evidence.course.at(-1)?.pairs ?? 0} pairs: ${wealths}.`,
      course: evidence.course,
      bounds: { worse: worseBound, notWorse: notWorseBound },
    }),
  };
}

function eventText(event: DashboardRollout["history"][number], steps: readonly number[]): string {
  if (event.type === "advanced") return `next step: ${steps[event.step]}%`;
  return event.type === "started" ? `started at ${steps[0]}%` : event.type.replace("-", " ");
}

const number = (value: number): string => String(Number(value.toPrecision(3)));
const signed = (value: number): string => (value > 0 ? "+" : value < 0 ? "−" : "±") + number(Math.abs(value));
const wealth = (value: number): string =>
  !Number.isFinite(value) || value >= 1e6 ? "over 1,000,000" : value < 0.01 ? "< 0.01" : number(value);
