import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BenchError } from "../contract/errors.js";
import { checkRecord } from "../run/store/check-record.js";
import { Journal, readJournal } from "../run/store/journal.js";
import { lockRun } from "../run/store/lock.js";

/** What the events of a log are and add up to. */
export interface EventLogDefinition<State, Event> {
  /** Name of the schema of an event. */
  schema: string;
  /** The state before the first event. */
  initial(): State;
  /** The state after one more event; may be the same object. Throws DATA_INVALID where the event cannot follow. */
  follow(state: State, event: Event): State;
}

/** How long a writer waits for another one, in milliseconds. */
const patience = 30_000;

/** An append-only log of checksummed events that several processes write, and the state that they add up to. */
export class EventLog<State, Event> {
  constructor(
    private readonly file: string,
    private readonly definition: EventLogDefinition<State, Event>,
  ) {}

  /** What an existing log adds up to. Throws DATA_INVALID where it is damaged. */
  read(): State {
    return this.#follow(this.definition.initial(), readJournal<Event>(this.file).events);
  }

  /**
   * Appends events that follow from the state, on the disk before this returns, with no other writer in between.
   *
   * @param decide gives the events; what it throws ends the change, and nothing is written. Neither is anything where one
   *   of them cannot follow.
   * @param wrote is called with the state after them, before another writer may go on.
   * @throws RUN_LOCKED where another process keeps the log's directory for longer than half a minute.
   */
  async change(
    decide: (state: State) => readonly Event[] | Promise<readonly Event[]>,
    wrote: (state: State) => void = () => {},
  ): Promise<State> {
    mkdirSync(dirname(this.file), { recursive: true });
    const unlock = await lockPatiently(dirname(this.file));
    try {
      const log = new Journal<Event>(this.file);
      try {
        const before = this.#follow(this.definition.initial(), log.content.events);
        const further = await decide(before);
        const state = this.#follow(before, further);
        for (const event of further) log.append(event);
        wrote(state);
        return state;
      } finally {
        log.close();
      }
    } finally {
      unlock();
    }
  }

  #follow(state: State, events: readonly Event[]): State {
    const { schema, follow } = this.definition;
    return events.map((event) => checkRecord<Event>(schema, event, this.file)).reduce(follow, state);
  }
}

async function lockPatiently(directory: string): Promise<() => void> {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return lockRun(directory);
    } catch (error) {
      const locked = error instanceof BenchError && error.code === "RUN_LOCKED";
      if (!locked || performance.now() > end) throw error;
      await setTimeout(20 + Math.random() * 30);
    }
  }
}
