import picocolors from "picocolors";
import type { RolloutStatus } from "../../app/rollout.js";
import { isOver } from "../../rollout/state.js";
import { plainTable } from "./plain-table.js";

/** Where a rollout is, what its evidence says, and what happened so far. */
export function rolloutLines({ rollout, percent, decision }: RolloutStatus, terminal: { color: boolean }): string[] {
  const paint = picocolors.createColors(terminal.color);
  const { name, candidate, champion, phase, step, policy, history } = rollout;
  const bound = 1 / policy.alpha;
  const metrics = Object.keys(policy.metrics);
  const rows = metrics.map((metric) => {
    const { observations, pairs, difference, worse, notWorse } = decision.evidence[metric]!;
    const rule = policy.metrics[metric]!;
    return [
      `${metric}${rule.critical ? " (critical)" : ""}`,
      String(observations.candidate),
      String(observations.champion),
      String(pairs),
      difference === null ? "–" : `${difference < 0 ? "−" : "+"}${Math.abs(difference).toPrecision(3)}`,
      String(rule.margin),
      shareText(worse, metrics.length * bound),
      shareText(notWorse, bound),
    ];
  });
  return [
    `${paint.bold(`${name}@${candidate}`)} against champion ${name}@${champion}: ${paint.bold(phase)}, step ${step + 1} of ${policy.steps.length}, ${percent}% of the requests`,
    "",
    ...plainTable(["metric", "candidate", "champion", "pairs", "difference", "margin", "worse", "not worse"], rows),
    "",
    ...(isOver(rollout) ? [] : [`${decision.action}: ${decision.reason}`]),
    "worse, not worse: evidence in percent of what decides, on a logarithmic scale; positive differences are better",
    "",
    ...history.map(({ type, at, by, reason }) => `${at}  ${type} by ${by}${reason === "" ? "" : `: ${reason}`}`),
  ];
}

/** log(wealth) / log(bound) in percent: 100% decides. */
function shareText(wealth: number, bound: number): string {
  return `${Math.max(0, Math.round((100 * Math.log(wealth)) / Math.log(bound)))}%`;
}
