import type { AlertSettings } from "../../contract/alert.js";
import { digestOf } from "../../contract/digest.js";
import type { MonitorAlert, MonitorEvent } from "../../contract/monitor.js";
import { MonitorLog, type MonitorState, standingKey } from "../../registry/monitor-log.js";
import { modelIn } from "../../registry/state.js";
import type { CallServices } from "../calls.js";
import { askHeldOut, type HeldOutSettings } from "../held-out.js";
import type { Route } from "../router.js";
import { type Change, judged } from "./change.js";
import { Retention } from "./retention.js";
import { shiftedFrom, significance, Traffic, type TrafficChange, windows } from "./traffic.js";

/** How deployed versions are watched. */
export interface MonitorSettings {
  /** Seconds between two looks. */
  everySeconds: number;
  /** Calls of a window that is compared with the first one. */
  calls: number;
  /** From which change on alerts are raised; those of `cost` are for the time of calls. */
  alerts: AlertSettings;
  /** Takes an alert to the webhook, where there is one; rejects where it did not arrive. */
  send(alert: MonitorAlert): Promise<void>;
}

/** What is known of a version that is watched. */
interface Watched {
  traffic: Traffic;
  retention: Retention | undefined;
  /** What the last window of calls showed for the first time. */
  suspected: Set<string>;
}

/**
 * Watches the champion of each model: its answers to held-out items of every task and probe against those that it gave
 * first, and against those of the former champion; the time of its calls and the lengths and embeddings of what it is
 * asked against its first calls, window by window, where two in a row show it. What is as bad as the log says already is
 * not reported again, also after a restart; what recovered and falls again is.
 */
export class Monitor {
  readonly #logs = new Map<string, MonitorLog>();
  /** By `name@version`. */
  readonly #watched = new Map<string, Watched>();

  constructor(
    private readonly registry: string,
    private readonly settings: MonitorSettings,
    private readonly heldOut: HeldOutSettings | undefined,
    private readonly services: CallServices,
  ) {}

  /** Takes a call into account that a version answered. */
  add({ name, version }: Route, body: Readonly<Record<string, unknown>>, seconds: number): void {
    this.#watchedOf(name, version).traffic.add(promptOf(body), seconds);
  }

  /** Looks at the champion of a model. */
  async look(name: string): Promise<void> {
    const { aliases, former } = modelIn(this.services.router.state, name);
    const version = aliases.champion;
    if (version === undefined) return;
    const log = this.#logs.get(name) ?? new MonitorLog(this.registry, name);
    this.#logs.set(name, log);
    const changes = [
      ...(await this.#scores(name, version, former.champion, log)),
      ...(await this.#calls(name, version)),
    ];
    const { standing } = log.read();
    const events = changes.flatMap((change) => this.#newsOf(name, version, change, standing));
    if (events.length > 0) await log.append(events);
    for (const event of events) if (event.type === "alert") await this.#tell(event.alert);
  }

  async #tell(alert: MonitorAlert): Promise<void> {
    const { text, model, kind, severity } = alert;
    this.services.log(text);
    this.services.metrics.monitorAlerts.inc({ model, kind, severity });
    await this.settings.send(alert).catch((error: Error) => {
      this.services.log(`an alert of ${model} did not reach the webhook: ${error.message}`);
    });
  }

  #watchedOf(name: string, version: number): Watched {
    const key = `${name}@${version}`;
    const known = this.#watched.get(key) ?? {
      traffic: new Traffic(this.settings.calls),
      retention: this.heldOut && new Retention(this.heldOut),
      suspected: new Set<string>(),
    };
    this.#watched.set(key, known);
    return known;
  }

  /** Asks the next items of each set, and compares all that are known. */
  async #scores(name: string, version: number, former: number | undefined, log: MonitorLog): Promise<Change[]> {
    const { retention } = this.#watchedOf(name, version);
    if (retention === undefined) return [];
    await retention.ask((item) => askHeldOut(item, name, version, this.services));
    for (const [subject, score] of retention.means) {
      this.services.metrics.monitorScore.set({ model: name, version: `${version}`, subject }, score);
    }
    const own = log.read().scores.get(version);
    const first = [...retention.scores].filter(([item]) => own?.has(item) !== true);
    const at = new Date().toISOString();
    const event = { type: "scored" as const, version, scores: Object.fromEntries(first), at };
    const { scores, since } = first.length === 0 ? log.read() : await log.append([event]);
    const references = former === undefined || former === version ? [version] : [version, former];
    return retention.changes(
      references.map((reference) => ({
        against: reference === version ? "its first answers" : `${name}@${reference}`,
        scores: scores.get(reference) ?? new Map(),
      })),
      this.#lookNumber(since.get(version)!),
      this.settings.alerts,
    );
  }

  /** By the clock, so that a restart does not begin to count anew. */
  #lookNumber(since: string): number {
    const seconds = (Date.now() - Date.parse(since)) / 1000;
    return 1 + Math.max(0, Math.floor(seconds / this.settings.everySeconds));
  }

  async #calls(name: string, version: number): Promise<Change[]> {
    const change = await this.#watchedOf(name, version)
      .traffic.compare((texts) => this.#embed(name, version, texts))
      .catch((error: Error) => this.services.log(`${name}: what is asked could not be compared: ${error.message}`));
    if (!change) return [];
    const { lengths, embeddings } = change;
    const { monitorDrift } = this.services.metrics;
    monitorDrift.set({ model: name, statistic: "lengthStability" }, lengths.stability);
    if (embeddings) monitorDrift.set({ model: name, statistic: "embeddingDiscrepancy" }, embeddings.squared);
    return [this.#slower(change), ...drifts(change)];
  }

  #slower({ calls, seconds }: TrafficChange): Change {
    const { before, now, probability } = seconds;
    const worse = before > 0 ? now / before - 1 : 0;
    const facts = { subject: "seconds", before, now, items: calls, probability };
    const text = `calls take ${now.toPrecision(3)} s, at first ${before.toPrecision(3)} s (last ${calls} calls)`;
    const { alerts } = this.settings;
    const noise = alerts.noise === null ? null : alerts.noise / windows;
    const verdict = judged({ ...facts, kind: "cost", worse }, alerts, noise);
    return { ...facts, kind: "resources", against: "its first calls", text, ...verdict };
  }

  async #embed(name: string, version: number, texts: string[]): Promise<Float32Array[] | undefined> {
    const backend = await this.services.versions.get(name, version);
    const { status, body } = await backend.answer({
      ...{
        path: "embeddings",
        body: { model: name, input: texts, encoding_format: "float" },
        id: "monitor",
        model: name,
      },
      signal: AbortSignal.timeout(1000 * this.services.timeoutSeconds),
    });
    if (status !== 200 || typeof body !== "string") return undefined;
    const { data } = JSON.parse(body) as { data?: { embedding?: unknown }[] };
    const vectors = (data ?? []).flatMap(({ embedding }) =>
      Array.isArray(embedding) && embedding.every(Number.isFinite) ? [Float32Array.from(embedding as number[])] : [],
    );
    return vectors.length === texts.length ? vectors : undefined;
  }

  /** The event of a change that is not in the log yet, or of its end. */
  #newsOf(
    name: string,
    version: number,
    { severity, isWithin, ...change }: Change,
    standing: MonitorState["standing"],
  ): MonitorEvent[] {
    const { kind, subject, against } = change;
    const key = standingKey({ version, kind, subject, against });
    const { suspected } = this.#watchedOf(name, version);
    const before = standing.get(key);
    const at = new Date().toISOString();
    if (severity === undefined) {
      suspected.delete(key);
      return before === undefined || !isWithin ? [] : [{ type: "recovered", version, kind, subject, against, at }];
    }
    const isOfCalls = kind === "resources" || kind === "drift";
    if (isOfCalls && !suspected.has(key)) {
      suspected.add(key);
      return [];
    }
    if (before === severity || before === "critical") return [];
    const id = digestOf({ name, version, kind, subject, against, severity }).slice(0, 16);
    const text = `bench ${severity}: ${name}@${version}: ${change.text}`;
    return [{ type: "alert", alert: { id, severity, model: name, version, ...change, text, at } }];
  }
}

function drifts({ calls, lengths, embeddings }: TrafficChange): Change[] {
  const common = { kind: "drift" as const, against: "its first calls", before: 0, items: calls };
  const shifted = lengths.stability > shiftedFrom && lengths.probability <= significance;
  const other = embeddings !== undefined && embeddings.probability <= significance;
  const asked = "what is asked is unlike the first calls";
  return [
    {
      ...{ ...common, subject: "lengths", now: lengths.stability, threshold: shiftedFrom },
      ...{ probability: lengths.probability, severity: shifted ? "warning" : undefined },
      isWithin: !shifted,
      text: `${asked}: lengths of prompts, stability index ${lengths.stability.toFixed(2)}`,
    },
    ...(embeddings === undefined
      ? []
      : [
          {
            ...{ ...common, subject: "embeddings", now: embeddings.squared, threshold: significance },
            ...{ probability: embeddings.probability, severity: other ? ("warning" as const) : undefined },
            isWithin: !other,
            text: `${asked}: embeddings of prompts, MMD² ${embeddings.squared.toFixed(3)} (p ${embeddings.probability.toFixed(3)})`,
          },
        ]),
  ];
}

/** The text of what is asked; of several prompts, all. */
function promptOf({ messages, prompt, input }: Readonly<Record<string, unknown>>): string {
  const parts = Array.isArray(messages)
    ? messages.map((message) => (message as { content?: unknown })?.content)
    : [prompt ?? input];
  return parts
    .flat()
    .filter((part) => typeof part === "string")
    .join("\n");
}
