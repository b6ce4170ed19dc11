import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Severity } from "../contract/alert.js";
import { pathInside } from "../contract/files/foreign-path.js";
import type { MonitorAlert, MonitorEvent } from "../contract/monitor.js";
import { EventLog } from "./event-log.js";

/** What the log of a monitor adds up to. */
export interface MonitorState {
  /** Of each version, the scores of held-out items as it answered them first, by item. */
  scores: Map<number, Map<string, number>>;
  /** When each version was scored for the first time. */
  since: Map<number, string>;
  /** By `standingKey`: how bad what was reported is, unless it recovered. */
  standing: Map<string, Severity>;
  /** The last ones, oldest first. */
  alerts: MonitorAlert[];
}

/** What a change is known by from look to look. */
export const standingKey = ({
  version,
  kind,
  subject,
  against,
}: Pick<MonitorAlert, "version" | "kind" | "subject" | "against">): string =>
  JSON.stringify([version, kind, subject, against]);

const emptyState = (): MonitorState => ({ scores: new Map(), since: new Map(), standing: new Map(), alerts: [] });

/** Alerts that are kept in memory. */
const mostAlerts = 500;

/** The log of a model's monitor: `<registry>/monitors/<model>/log.jsonl`. */
export class MonitorLog {
  readonly #file: string;
  readonly #log: EventLog<MonitorState, MonitorEvent>;

  constructor(registry: string, name: string) {
    this.#file = join(pathInside(join(registry, "monitors"), name), "log.jsonl");
    this.#log = new EventLog(this.#file, { schema: "monitor-event", initial: emptyState, follow });
  }

  /** What it adds up to; nothing where there is none. Throws DATA_INVALID where it is damaged. */
  read(): MonitorState {
    return existsSync(this.#file) ? this.#log.read() : emptyState();
  }

  /** Appends events; on the disk before this resolves. */
  append(events: readonly MonitorEvent[]): Promise<MonitorState> {
    return this.#log.change(() => events);
  }
}

function follow(state: MonitorState, event: MonitorEvent): MonitorState {
  if (event.type === "alert") {
    state.alerts.push(event.alert);
    state.standing.set(standingKey(event.alert), event.alert.severity);
    if (state.alerts.length > mostAlerts) state.alerts.shift();
    return state;
  }
  if (event.type === "recovered") {
    state.standing.delete(standingKey(event));
    return state;
  }
  if (!state.since.has(event.version)) state.since.set(event.version, event.at);
  const known = state.scores.get(event.version) ?? new Map<string, number>();
  for (const [item, score] of Object.entries(event.scores)) if (!known.has(item)) known.set(item, score);
  state.scores.set(event.version, known);
  return state;
}
