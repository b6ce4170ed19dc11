import type { AlertSettings, Severity } from "../../contract/alert.js";
import type { MonitorAlert } from "../../contract/monitor.js";
import { severityOf, thresholdOf, type WatchedChange } from "../../run/alerts/detect.js";

/** How something that is watched differs from what it is compared with; no alert without a severity. */
export interface Change
  extends Pick<
    MonitorAlert,
    "kind" | "subject" | "against" | "before" | "now" | "items" | "probability" | "threshold" | "text"
  > {
  severity: Severity | undefined;
  /** Whether it is beyond no threshold, also where chance explains it: what was reported has recovered. */
  isWithin: boolean;
}

/** What the thresholds say of a change. `noise` counts in place of that of the settings. */
export function judged(
  change: WatchedChange,
  settings: AlertSettings,
  noise: number | null,
): Pick<Change, "severity" | "threshold" | "isWithin"> {
  const severity = severityOf(change, { ...settings, noise });
  return {
    severity,
    threshold: severity === undefined ? 0 : thresholdOf(settings[change.kind], severity),
    isWithin: severityOf(change, { ...settings, noise: null }) === undefined,
  };
}
