import { armOf } from "../rollout/split.js";
import { type ApiAnswer, type ApiCall, answerTexts } from "./api.js";
import type { ServerMetrics } from "./metrics.js";
import type { Route } from "./router.js";
import type { Versions } from "./versions.js";

/** A version that is asked what others answer, and whose answers nobody gets. */
export interface ShadowSettings {
  name: string;
  version: number;
  /** Of the calls that are mirrored. */
  percent: number;
}

/** Calls that a shadow may have before it at a time; more are left out, and counted. */
const mostPending = 32;

/** Mirrors calls to a version that answers nobody yet, after they were answered. */
export class Shadow {
  #mirrored = new Set<Promise<void>>();

  constructor(
    private readonly settings: ShadowSettings,
    private readonly versions: Versions,
    private readonly metrics: ServerMetrics,
  ) {}

  /** Whether a version must stay ready. */
  is(name: string, version: number): boolean {
    return name === this.settings.name && version === this.settings.version;
  }

  /** Asks the shadow too, where the call is among those that are mirrored. Streams are not compared. */
  mirror(call: ApiCall, { name, version }: Route, answer: ApiAnswer): void {
    const { settings } = this;
    if (name !== settings.name || version === settings.version || typeof answer.body !== "string") return;
    if (answer.status !== 200 || armOf(call.id, "shadow", settings.percent) !== "candidate") return;
    const mirrored = this.#ask(call, answer.body).finally(() => this.#mirrored.delete(mirrored));
    this.#mirrored.add(mirrored);
  }

  /** Resolves when no mirrored call is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#mirrored);
  }

  async #ask(call: ApiCall, answer: string): Promise<void> {
    const { name, version } = this.settings;
    const count = (outcome: string) => this.metrics.shadow.inc({ model: name, version: `${version}`, outcome });
    if (this.#mirrored.size >= mostPending) return count("left out");
    try {
      const backend = await this.versions.get(name, version);
      const { status, body } = await backend.answer({ ...call, signal: new AbortController().signal });
      if (status !== 200 || typeof body !== "string") return count("failed");
      count(saidBy(body) === saidBy(answer) ? "same" : "different");
    } catch {
      count("failed");
    }
  }
}

/** What an answer says: its texts, or its vectors. */
const saidBy = (body: string): string => JSON.stringify(answerTexts(body) ?? JSON.parse(body).data);
