import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { pathInside } from "../contract/foreign-path.js";
import type { RolloutEvent } from "../contract/rollout.js";
import { lockPatiently } from "../registry/patient-lock.js";
import { checkRecord } from "../run/store/check-record.js";
import { Journal, readJournal } from "../run/store/journal.js";
import { type Rollout, rolloutOf } from "./state.js";

/** The rollouts of a model: `<registry>/rollouts/<model>/<number>.jsonl`, one log each, of which the last one may be live. */
export class RolloutLog {
  readonly #directory: string;

  constructor(
    registry: string,
    private readonly name: string,
  ) {
    this.#directory = pathInside(join(registry, "rollouts"), name, "USAGE");
  }

  /**
   * The last rollout.
   *
   * @throws UNKNOWN_NAME where there was none, DATA_INVALID where its log is damaged.
   */
  read(): Rollout {
    const file = this.#fileOf(this.#last());
    if (existsSync(file)) return this.#add(readJournal<RolloutEvent>(file).events, file);
    throw new BenchError("UNKNOWN_NAME", `there is no rollout of ${this.name}`, {
      fix: `Start one: bench rollout start ${this.name}@<version> --policy policy.yaml`,
    });
  }

  /**
   * Appends events to the last rollout, on the disk before this returns, with no other writer in between.
   *
   * @param decide gives the events, from the state so far; what it throws ends the change.
   */
  async append(decide: (rollout: Rollout) => Promise<RolloutEvent[]> | RolloutEvent[]): Promise<Rollout> {
    this.read();
    return this.#write(this.#last(), (events, file) => decide(this.#add(events, file)));
  }

  /**
   * Begins the log of a new rollout.
   *
   * @param decide gives its first event, from the rollout before it, if there was one.
   */
  async begin(decide: (before: Rollout | undefined) => RolloutEvent): Promise<Rollout> {
    mkdirSync(this.#directory, { recursive: true });
    const number = this.#last();
    const file = this.#fileOf(number);
    const first = decide(existsSync(file) ? this.read() : undefined);
    return this.#write(number + 1, (events) => {
      if (events.length === 0) return [first];
      throw new BenchError("RUN_LOCKED", `another process has just started a rollout of ${this.name}`, {
        fix: `Look at it: bench rollout status ${this.name}`,
      });
    });
  }

  async #write(
    number: number,
    decide: (events: RolloutEvent[], file: string) => Promise<RolloutEvent[]> | RolloutEvent[],
  ): Promise<Rollout> {
    const unlock = await lockPatiently(this.#directory);
    const file = this.#fileOf(number);
    try {
      const log = new Journal<RolloutEvent>(file);
      try {
        const further = await decide(log.content.events, file);
        const rollout = this.#add([...log.content.events, ...further], file); // refused before it is written
        for (const event of further) log.append(event);
        return rollout;
      } finally {
        log.close();
      }
    } finally {
      unlock();
    }
  }

  #add(events: readonly RolloutEvent[], file: string): Rollout {
    return rolloutOf(events.map((event) => checkRecord<RolloutEvent>("rollout-event", event, file)));
  }

  #last(): number {
    if (!existsSync(this.#directory)) return 0;
    const numbers = readdirSync(this.#directory).flatMap((file) => /^([1-9]\d{0,8})\.jsonl$/.exec(file)?.[1] ?? []);
    return Math.max(0, ...numbers.map(Number));
  }

  #fileOf(number: number): string {
    return join(this.#directory, `${number}.jsonl`);
  }
}
