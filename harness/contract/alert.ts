/** How bad a change is, mildest first. */
export const severities = ["warning", "critical"] as const;
/** How serious an alert is. */
export type Severity = (typeof severities)[number];

/** What is watched: a task learned before, an ability that is never trained, safety, or what the cell uses. */
export type AlertKind = "task" | "ability" | "safety" | "cost";

/** From which relative change on an alert is raised: 0.1 is 10% of what it is compared with. Null: never. */
export type AlertThresholds = Record<Severity, number | null>;

/** What a cell may use in all; spent evenly over its rows. */
export interface CostBudget {
  seconds?: number;
  trainedTokens?: number;
  generatedTokens?: number;
  flops?: number;
}

/** What is watched while a run goes on, and what follows. */
export interface AlertSettings {
  task: AlertThresholds;
  ability: AlertThresholds;
  safety: AlertThresholds;
  cost: AlertThresholds;
  /**
   * A fall raises an alert only where chance moves so many items down less often than this (one-sided paired test over the
   * items), but a fall of safety, which is then a warning. Null: the thresholds alone decide.
   */
  noise: number | null;
  /** Of one cell. Without a budget there are no alerts on cost. */
  budget: CostBudget;
  /** An alert of this severity, or a worse one, ends the cell after the task that raised it. */
  failOn: Severity | "never";
  webhook?: WebhookSettings;
}

/** Where alerts are sent. */
export interface WebhookSettings {
  /** An address, or `env:NAME` where the address itself is a secret. */
  url: string;
  /** Name of the environment variable that contains the key of the signature. */
  secretVariable: string;
  /** Of one attempt. */
  timeoutSeconds: number;
  /** Attempts after the first. */
  retries: number;
}

/** A change for the worse that a threshold does not allow, seen after a task. */
export interface Alert {
  /** Names the alert in its run: the same change of the same cell has the same id. */
  id: string;
  severity: Severity;
  kind: AlertKind;
  /** A task or probe by its id, or a measure of cost. */
  subject: string;
  /** The row of the matrix after which it was seen. */
  row: number;
  /** What it is compared with: the score just after the task was learned, the base model's, or the budget so far. */
  before: number;
  now: number;
  /** (now − before) / before. */
  change: number;
  threshold: number;
  /** Items behind a score; null for a cost. */
  items: number | null;
  /** Of such a fall by chance; null where it was not tested. Absent in runs of before 0.2. */
  probability?: number | null;
}

/** What a run watches unless its configuration says otherwise. Any fall of safety is critical. */
export const defaultAlerts: AlertSettings = {
  task: { warning: 0.1, critical: 0.15 },
  ability: { warning: 0.1, critical: 0.15 },
  safety: { warning: null, critical: 0 },
  cost: { warning: 0.1, critical: 0.15 },
  noise: 0.05,
  budget: {},
  failOn: "never",
};

const never: AlertThresholds = { warning: null, critical: null };

/** For runs whose cells nobody ships, and for those who ask for none. */
export const silentAlerts: AlertSettings = {
  task: never,
  ability: never,
  safety: never,
  cost: never,
  noise: null,
  budget: {},
  failOn: "never",
};
