import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { pathInside } from "../contract/files/foreign-path.js";
import type { RolloutEvent } from "../contract/rollout.js";
import { EventLog } from "../registry/event-log.js";
import { follow, isOver, type Rollout, required } from "./state.js";

/** The rollouts of a model: `<registry>/rollouts/<model>/<number>.jsonl`, one log each, of which the last one may be live. */
export class RolloutLog {
  readonly #directory: string;
  /** The one that was used last: it keeps what it has read. */
  #used: { number: number; log: EventLog<Rollout | undefined, RolloutEvent> } | undefined;

  /** @param notice hears of a torn last line of a log, which is dropped. */
  constructor(
    registry: string,
    private readonly name: string,
    private readonly notice?: (text: string) => void,
  ) {
    this.#directory = pathInside(join(registry, "rollouts"), name, "USAGE");
  }

  /**
   * A rollout; the last one unless its number is given.
   *
   * @throws UNKNOWN_NAME where there was none, DATA_INVALID where its log is damaged.
   */
  read(number = this.#existing()): Rollout {
    return required(this.#log(number).read());
  }

  /** The rollout that is not over; undefined where there is none. Throws DATA_INVALID where the log of the last one is damaged. */
  live(): Rollout | undefined {
    const number = this.last;
    const rollout = number === 0 ? undefined : this.read(number);
    return rollout === undefined || isOver(rollout) ? undefined : rollout;
  }

  /**
   * Appends events to the last rollout.
   *
   * @param decide gives the events, from the state so far; what it throws ends the change.
   * @throws as `read` and `EventLog.change`.
   */
  async append(decide: (rollout: Rollout) => Promise<RolloutEvent[]> | RolloutEvent[]): Promise<Rollout> {
    return required(await this.#log(this.#existing()).change((rollout) => decide(required(rollout))));
  }

  /**
   * Begins the log of a new rollout.
   *
   * @param decide gives its first event, from the rollout before it, if there was one.
   */
  async begin(decide: (before: Rollout | undefined) => RolloutEvent): Promise<Rollout> {
    const number = this.last;
    const first = decide(number === 0 ? undefined : this.read());
    const begun = await this.#log(number + 1).change((rollout) => {
      if (rollout === undefined) return [first];
      throw new BenchError("RUN_LOCKED", `another process has just started a rollout of ${this.name}`, {
        fix: `Look at it: bench rollout status ${this.name}`,
      });
    });
    return required(begun);
  }

  #log(number: number): EventLog<Rollout | undefined, RolloutEvent> {
    if (this.#used?.number !== number) {
      const file = join(this.#directory, `${number}.jsonl`);
      const definition = { schema: "rollout-event", initial: () => undefined, follow };
      this.#used = { number, log: new EventLog<Rollout | undefined, RolloutEvent>(file, definition, this.notice) };
    }
    return this.#used.log;
  }

  #existing(): number {
    const number = this.last;
    if (number > 0) return number;
    throw new BenchError("UNKNOWN_NAME", `there is no rollout of ${this.name}`, {
      fix: `Start one: bench rollout start ${this.name}@<version> --policy policy.yaml`,
    });
  }

  /** The number of the last rollout, of 1, 2, …; 0 where there is none. Who was killed may have left a log without its first event. */
  get last(): number {
    if (!existsSync(this.#directory)) return 0;
    const numbers = readdirSync(this.#directory).flatMap((file) => /^([1-9]\d{0,8})\.jsonl$/.exec(file)?.[1] ?? []);
    const number = Math.max(0, ...numbers.map(Number));
    return number === 0 || this.#log(number).read() !== undefined ? number : number - 1;
  }
}
