import type { AlertSettings, Severity } from "../../contract/alert.js";
import { digestOf } from "../../contract/digest.js";
import type { MonitorAlert, MonitorKind } from "../../contract/monitor.js";
import { random } from "../../contract/random.js";
import { mean } from "../../metrics/definition.js";
import { groupBy } from "../../metrics/statistics/clusters.js";
import { fallProbability } from "../../metrics/statistics/sign-test.js";
import { MonitorLog } from "../../registry/monitor-log.js";
import { modelIn } from "../../registry/state.js";
import { severityOf, thresholdOf, type WatchedChange } from "../../run/alerts/detect.js";
import type { CallServices } from "../calls.js";
import { askHeldOut, type HeldOutSettings } from "../held-out.js";
import type { Route } from "../router.js";
import { shiftedFrom, significance, Traffic, type TrafficChange } from "./traffic.js";

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

interface Change {
  kind: MonitorKind;
  subject: string;
  against: string;
  before: number;
  now: number;
  items: number;
  probability: number | null;
  severity: Severity | undefined;
  threshold: number;
  text: string;
}

/**
 * Watches the champion of each model: its answers to held-out items of every task and probe against those that it gave
 * first, and against those of the former champion; the time of its calls and the lengths and embeddings of what it is
 * asked against its first calls, window by window: what differs by chance once in twenty windows is reported where two in a row
 * show it. What was as bad at the look before is not reported again.
 */
export class Monitor {
  readonly #logs = new Map<string, MonitorLog>();
  readonly #traffic = new Map<string, Traffic>();
  /** Scores of items as a version answered them last. */
  readonly #now = new Map<string, Map<string, number>>();
  readonly #raised = new Map<string, Severity>();
  /** What the last window of calls showed for the first time. */
  readonly #suspected = new Set<string>();
  #rounds = 0;

  constructor(
    private readonly registry: string,
    private readonly settings: MonitorSettings,
    private readonly heldOut: HeldOutSettings | undefined,
    private readonly services: CallServices,
  ) {}

  /** Takes a call into account that a version answered. */
  add({ name, version }: Route, body: Readonly<Record<string, unknown>>, seconds: number): void {
    const key = `${name}@${version}`;
    const traffic = this.#traffic.get(key) ?? new Traffic(this.settings.calls);
    this.#traffic.set(key, traffic);
    traffic.add(promptOf(body), seconds);
  }

  /** Looks at the champion of a model. */
  async look(name: string): Promise<void> {
    const { aliases, former } = modelIn(this.services.router.state, name);
    const version = aliases.champion;
    if (version === undefined) return;
    const log = this.#logs.get(name) ?? new MonitorLog(this.registry, name);
    this.#logs.set(name, log);
    const changes = [
      ...(this.heldOut === undefined ? [] : await this.#scores(name, version, former.champion, log, this.heldOut)),
      ...(await this.#calls(name, version)),
    ];
    const alerts = changes.flatMap((change) => this.#alert(name, version, change));
    if (alerts.length > 0) await log.append(alerts.map((alert) => ({ type: "alert", alert })));
    for (const alert of alerts) {
      this.services.log(alert.text);
      this.services.metrics.monitorAlerts.inc({ model: name, kind: alert.kind, severity: alert.severity });
      await this.settings.send(alert).catch((error: Error) => {
        this.services.log(`an alert of ${name} did not reach the webhook: ${error.message}`);
      });
    }
  }

  /** Asks the next items of each set, and compares all that are known. */
  async #scores(
    name: string,
    version: number,
    former: number | undefined,
    log: MonitorLog,
    { items, each }: HeldOutSettings,
  ): Promise<Change[]> {
    const now = this.#now.get(`${name}@${version}`) ?? new Map<string, number>();
    this.#now.set(`${name}@${version}`, now);
    const sets = groupBy(items, ({ metric }) => metric);
    const round = this.#rounds++;
    for (const [metric, all] of sets) {
      const shuffled = random({ seed: 0, stream: "monitor", task: metric }).shuffle([...all]);
      for (let index = 0; index < Math.min(each, all.length); index++) {
        const item = shuffled[(round * each + index) % shuffled.length]!;
        now.set(item.id, await askHeldOut(item, name, version, this.services));
      }
    }
    const own = log.read().scores.get(version);
    const first = [...now].filter(([item]) => own?.has(item) !== true);
    const at = new Date().toISOString();
    const event = { type: "scored" as const, version, scores: Object.fromEntries(first), at };
    const { scores } = first.length === 0 ? log.read() : await log.append([event]);
    return [...sets].flatMap(([subject, all]) => {
      const known = all.flatMap(({ id }) => (now.has(id) ? [[id, now.get(id)!] as const] : []));
      const score = mean(known.map(([, each]) => each));
      this.services.metrics.monitorScore.set({ model: name, version: `${version}`, subject }, score);
      const kind = all[0]!.kind;
      if (kind === undefined) return [];
      const references = former === undefined || former === version ? [version] : [version, former];
      return references.flatMap((reference) => {
        const before = scores.get(reference);
        const pairs = known.flatMap(([id, score]) => (before?.has(id) ? [[before.get(id)!, score] as const] : []));
        const against = reference === version ? "its first answers" : `${name}@${reference}`;
        return pairs.length === 0 ? [] : [this.#fall(kind, subject, against, pairs)];
      });
    });
  }

  #fall(
    kind: "task" | "ability" | "safety",
    subject: string,
    against: string,
    pairs: (readonly [number, number])[],
  ): Change {
    const [before, now] = [mean(pairs.map(([first]) => first)), mean(pairs.map(([, last]) => last))];
    const probability = fallProbability(pairs);
    const worse = before > 0 ? (before - now) / before : 0;
    const items = pairs.length;
    const facts = { kind, subject, before, now, items, probability };
    const points = (score: number): string => (100 * score).toFixed(1);
    const text = `${subject} fell ${points(before)} → ${points(now)} against ${against} (${items} items)`;
    return { ...facts, against, text, ...this.#judged({ ...facts, worse }) };
  }

  async #calls(name: string, version: number): Promise<Change[]> {
    const change = await this.#traffic
      .get(`${name}@${version}`)
      ?.compare((texts) => this.#embed(name, version, texts))
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
    const judged = this.#judged({ ...facts, kind: "cost", worse });
    return { ...facts, kind: "resources", against: "its first calls", text, ...judged };
  }

  #judged(change: WatchedChange): Pick<Change, "severity" | "threshold"> {
    const { alerts } = this.settings;
    const severity = severityOf(change, alerts);
    return { severity, threshold: severity === undefined ? 0 : thresholdOf(alerts[change.kind], severity) };
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

  #alert(name: string, version: number, { severity, ...change }: Change): MonitorAlert[] {
    const { kind, subject, against } = change;
    const key = JSON.stringify([name, version, kind, subject, against]);
    const before = this.#raised.get(key);
    if (severity === undefined) {
      this.#raised.delete(key);
      this.#suspected.delete(key);
      return [];
    }
    const isOfCalls = kind === "resources" || kind === "drift";
    if (isOfCalls && !this.#suspected.has(key)) {
      this.#suspected.add(key);
      return [];
    }
    this.#raised.set(key, severity);
    if (before === severity || before === "critical") return [];
    const id = digestOf({ name, version, kind, subject, against, severity }).slice(0, 16);
    const text = `bench ${severity}: ${name}@${version}: ${change.text}`;
    return [{ id, severity, model: name, version, ...change, text, at: new Date().toISOString() }];
  }
}

function drifts({ calls, lengths, embeddings }: TrafficChange): Change[] {
  const common = { kind: "drift" as const, against: "its first calls", before: 0, items: calls };
  const shifted = lengths.stability > shiftedFrom && lengths.probability < significance;
  const other = embeddings !== undefined && embeddings.probability < significance;
  const asked = "what is asked is unlike the first calls";
  return [
    {
      ...{ ...common, subject: "lengths", now: lengths.stability, threshold: shiftedFrom },
      ...{ probability: lengths.probability, severity: shifted ? "warning" : undefined },
      text: `${asked}: lengths of prompts, stability index ${lengths.stability.toFixed(2)}`,
    },
    ...(embeddings === undefined
      ? []
      : [
          {
            ...{ ...common, subject: "embeddings", now: embeddings.squared, threshold: significance },
            ...{ probability: embeddings.probability, severity: other ? ("warning" as const) : undefined },
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
