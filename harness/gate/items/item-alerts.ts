import type { Alert, AlertSettings } from "../../contract/alert.js";
import { mean } from "../../metrics/definition.js";
import { fallProbability } from "../../metrics/statistics/sign-test.js";
import { alertOf, fall, severityOf, watchedProbes } from "../../run/alerts/detect.js";
import type { Entry } from "../entry.js";
import { type Answers, unitsOf } from "./answers.js";
import { pairItems } from "./pair-items.js";

/**
 * The falls of an evaluated model against another one that the thresholds of the alerts do not allow: each task, and each
 * probe of an ability or of safety, with the noise floor over the items.
 *
 * @param against the name of the other one, which the alerts' ids depend on.
 * @throws BASELINE_MISMATCH where the two answered other items.
 */
export function itemAlerts(
  baseline: Answers,
  { run }: Pick<Entry, "run">,
  answers: Answers,
  settings: AlertSettings,
  against: string,
): Alert[] {
  const { tasks, probes } = run.suite;
  const watched = [
    ...tasks.map(({ id }) => ({ key: `task:${id}`, subject: id, kind: "task" as const })),
    ...probes.flatMap(({ id, kind: probeKind }) => {
      const kind = watchedProbes[probeKind];
      return kind === undefined ? [] : [{ key: `probe:${id}`, subject: id, kind }];
    }),
  ].filter(({ key }) => baseline[key] !== undefined || answers[key] !== undefined);
  return watched.flatMap(({ key, subject, kind }) => {
    const { pairs } = pairItems(key, baseline, answers);
    const evidence = {
      items: unitsOf(pairs),
      probability: fallProbability(pairs.map((pair) => [pair.baseline, pair.candidate])),
    };
    const [before, now] = [mean(pairs.map((pair) => pair.baseline)), mean(pairs.map((pair) => pair.candidate))];
    return fall(kind, subject, before, now, evidence).flatMap((seen) => {
      const severity = severityOf(seen, settings);
      return severity === undefined ? [] : [alertOf(seen, severity, tasks.length, { run: run.id, against }, settings)];
    });
  });
}
