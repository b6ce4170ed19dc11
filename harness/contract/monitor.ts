import type { Severity } from "./alert.js";

/** What is watched on a version that is deployed. */
export type MonitorKind = "task" | "ability" | "safety" | "resources" | "drift";

/** A change for the worse on a deployed version, or of what it is asked. */
export interface MonitorAlert {
  /** The same change has the same id. */
  id: string;
  severity: Severity;
  kind: MonitorKind;
  model: string;
  version: number;
  /** A set of held-out items, such as `task.science`, a measure, or a statistic of what is asked. */
  subject: string;
  /** What it is compared with: the same version as it was deployed, or the former champion. */
  against: string;
  before: number;
  now: number;
  threshold: number;
  /** Items behind a score, calls behind another number. */
  items: number;
  /** Of such a change by chance; null where it was not tested. */
  probability: number | null;
  /** Readable by itself. */
  text: string;
  at: string;
}

/** A line of the log of a model's monitor. */
export type MonitorEvent =
  /** Held-out items that a version answered for the first time, with their scores on 0..1. */
  | { type: "scored"; version: number; scores: Record<string, number>; at: string }
  | { type: "alert"; alert: MonitorAlert }
  /** What an alert said is so no more. */
  | ({ type: "recovered"; at: string } & Pick<MonitorAlert, "version" | "kind" | "subject" | "against">);

/** What a webhook receives of a monitor, as JSON. */
export interface MonitorMessage {
  schema: "monitor-alert@1";
  text: string;
  alert: MonitorAlert;
}
