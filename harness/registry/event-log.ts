import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { BenchError } from "../contract/errors.js";
import { checkRecord } from "../run/store/check-record.js";
import { Journal, type JournalBeginning, type JournalContent, readJournal } from "../run/store/journal.js";
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

interface Kept<State> {
  state: State;
  /** The part of the log that the state is of. */
  beginning: JournalBeginning;
}

/** How long a writer waits for another one, in milliseconds. */
const patience = 30_000;

/**
 * An append-only log of checksummed events that several processes write, and the state that they add up to. The state is
 * kept with what the log is recognized by, so that reading it again and changing it cost as much as what was added since.
 */
export class EventLog<State, Event> {
  #kept: Kept<State> | undefined;

  /** @param notice hears of a torn last line, which is dropped. */
  constructor(
    private readonly file: string,
    private readonly definition: EventLogDefinition<State, Event>,
    private readonly notice: (text: string) => void = () => {},
  ) {}

  /**
   * What an existing log adds up to. A state that changes in place follows with later calls.
   *
   * @throws DATA_INVALID where the log is damaged.
   */
  read(): State {
    return this.#keep((kept) => {
      const content = readJournal<Event>(this.file, kept?.beginning);
      return { state: this.#stateAfter(content, kept), beginning: content.beginning };
    });
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
      const log = new Journal<Event>(this.file, this.#kept?.beginning);
      try {
        const before = this.#keep((kept) => ({ state: this.#stateAfter(log.content, kept), beginning: log.beginning }));
        const further = await decide(before);
        const state = this.#keep(() => {
          const after = this.#follow(before, further);
          for (const event of further) log.append(event);
          return { state: after, beginning: log.beginning };
        });
        wrote(state);
        return state;
      } finally {
        log.close();
      }
    } finally {
      unlock();
    }
  }

  /** Keeps the next state. Where it does not come to one, the former is dropped: it may have changed in place. */
  #keep(next: (kept: Kept<State> | undefined) => Kept<State>): State {
    const kept = this.#kept;
    this.#kept = undefined;
    this.#kept = next(kept);
    return this.#kept.state;
  }

  #stateAfter({ events, after, notices }: JournalContent<Event>, kept: Kept<State> | undefined): State {
    for (const text of notices) this.notice(text);
    return this.#follow(after === 0 ? this.definition.initial() : kept!.state, events);
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
