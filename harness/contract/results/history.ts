/** Versions of a model or method on one suite, side by side in the order of time. */
export interface History {
  schema: "history@1";
  suite: { name: string; version: string; digest: string; generated: boolean };
  /** One for each trainer: checkpoints of a training are listed under the trainer that evaluated them. */
  series: HistorySeries[];
}

/** Versions of one trainer with every metric, task and probe over them. */
export interface HistorySeries {
  trainer: string;
  versions: HistoryVersion[];
  lines: HistoryLine[];
}

/** One finished run of a trainer. */
export interface HistoryVersion {
  /** Unique in the series: the model's name where models differ, else the run's. */
  name: string;
  runDirectory: string;
  run: string;
  createdAt: string;
  model: { reference: string; digest: string };
}

/** One number over the versions. */
export interface HistoryLine {
  key: string;
  title: string;
  kind: "metric" | "task" | "probe";
  higherIsBetter: boolean;
  /** Null where a version has none. */
  values: (number | null)[];
  steps: HistoryStep[];
}

/** A change of level, beyond noise. */
export interface HistoryStep {
  /** Place of the first version on the new level. */
  at: number;
  /** Means of the level before and of the new one. */
  before: number;
  after: number;
}
