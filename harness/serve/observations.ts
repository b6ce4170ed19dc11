import type { Observation } from "../contract/rollout.js";

/** What was observed of a request that a rollout routed. */
export interface Observed {
  /** The rollout, by its salt. */
  of: string;
  observation: Observation;
}

/** Writes observations to the log of a model's rollout; for each whether it was added. */
export type RecordObservations = (name: string, observed: readonly Observed[]) => Promise<boolean[]>;

/** By the name of the model. */
type Gathered = Map<string, { observed: Observed; resolve(added: boolean): void; reject(error: unknown): void }[]>;

/** How long observations are gathered, in milliseconds: one write to the disk for all of them. */
const gathering = 100;

/** Gathers observations, so that a busy server writes a log some ten times a second and not once a request. */
export class Observations {
  #gathered: Gathered = new Map();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly record: RecordObservations) {}

  /** Resolves when the observation is on the disk, to whether it was added. Rejects where it cannot be written. */
  add(name: string, observed: Observed): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiting = this.#gathered.get(name) ?? [];
      waiting.push({ observed, resolve, reject });
      this.#gathered.set(name, waiting);
      this.#timer ??= setTimeout(() => void this.flush(), gathering);
    });
  }

  /** Writes what was gathered. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    this.#gathered = new Map();
    this.#writing = this.#writing.then(() => this.#write(gathered));
    return this.#writing;
  }

  async #write(gathered: Gathered): Promise<void> {
    for (const [name, waiting] of gathered) {
      try {
        const added = await this.record(
          name,
          waiting.map(({ observed }) => observed),
        );
        for (const [index, { resolve }] of waiting.entries()) resolve(added[index]!);
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
  }
}
