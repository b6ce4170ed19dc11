import { canonicalJson } from "../../contract/digest.js";
import type { CellProgress } from "../../contract/event.js";
import type { CellEvent, CellResult } from "../pool/messages.js";
import { checkRecord, invalidRecord } from "../store/check-record.js";
import { parsed } from "../store/file-content.js";
import { layout } from "../store/store.js";
import type { Tree } from "./content-store.js";
import type { ObjectStore } from "./object-store.js";

/**
 * How far a cell is that is carried out elsewhere: an object of the store, written by its worker alone. Whatever it names
 * is in the store before it is written.
 */
export interface CellLog {
  schema: "cell-log@1";
  cell: string;
  /** Of all attempts, in order. */
  events: CellEvent[];
  /** Checkpoints that are kept: path in the run → its files. */
  checkpoints: Record<string, Tree>;
  /** What is said to the user. */
  notices: { text: string; once?: boolean }[];
  progress?: CellProgress;
  /** How it ended; absent while it runs, and after a worker died. */
  end?: CellResult;
}

/** The cells' logs of a run in a store. */
export class CellLogs {
  readonly prefix: string;

  constructor(
    private readonly objects: ObjectStore,
    run: string,
  ) {
    this.prefix = `runs/${run}/cells`;
  }

  /** Of each wanted cell with a log what changes whenever the log does. */
  versions(wanted: (cell: string) => boolean): Promise<Map<string, string>> {
    return this.objects.list(this.prefix, wanted);
  }

  /** Undefined where there is none. Throws DATA_INVALID where it is none of that cell. */
  async read(cell: string): Promise<CellLog | undefined> {
    const content = await this.objects.read(this.key(cell));
    if (content === undefined) return undefined;
    const place = `${this.objects.address}/${this.key(cell)}`;
    const log = checkRecord<CellLog>("cell-log", parsed(content.toString("utf8"), place), place);
    for (const event of log.events) checkRecord("event", event, place);
    const isOwn = log.cell === cell && log.events.every((event) => event.cell === cell);
    const ending = log.end?.ok === true ? log.end.artifacts : undefined;
    if (!isOwn || (ending !== undefined && ending.matrix !== layout.matrix(cell))) {
      throw invalidRecord("cell-log", `it is not of cell ${cell}`, place);
    }
    return log;
  }

  async write(log: CellLog): Promise<void> {
    await this.objects.write(this.key(log.cell), JSON.stringify(log));
  }

  async remove(cell: string): Promise<void> {
    await this.objects.remove(this.key(cell));
  }

  private key(cell: string): string {
    return `${this.prefix}/${cell}`;
  }
}

/** A name for each of a cell's events: the same for the same event, and another one where it happens again. */
export function eventKeys(events: readonly CellEvent[]): string[] {
  const times = new Map<string, number>();
  return events.map((event) => {
    const text = canonicalJson(event);
    times.set(text, (times.get(text) ?? 0) + 1);
    return `${times.get(text)} ${text}`;
  });
}

export const newCellLog = (cell: string): CellLog => ({
  schema: "cell-log@1",
  cell,
  events: [],
  checkpoints: {},
  notices: [],
});
