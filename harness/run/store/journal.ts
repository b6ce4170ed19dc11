import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { digestOf, sha256 } from "../../contract/digest.js";
import { BenchError, toBenchError } from "../../contract/errors.js";
import { openRegularFile } from "../../contract/files/read-file.js";
import type { JournalEvent } from "../../contract/result.js";

/** The contents of a journal: its intact events in order, and what had to be left out. */
export interface JournalContent<Event = JournalEvent> {
  /** All of them, or those after `after`. */
  events: Event[];
  /** Said when a torn last line was dropped. */
  notices: string[];
  /** Length of the intact part, in bytes. */
  bytes: number;
  /** The number of events before `events`: those of the beginning that was known. 0 where the journal was read whole. */
  after: number;
}

/** The beginning of a journal that was read before, by which it is recognized. */
export interface JournalBeginning {
  /** Of the file: another one in its place has another number. */
  inode: number;
  bytes: number;
  events: number;
  /** SHA-256 of its last bytes. */
  tail: string;
}

/** The bytes that `JournalBeginning.tail` is of, at most. */
const tailBytes = 4096;

/**
 * The append-only record of a run: one JSON line `{sequence, checksum, event}` an event, on the disk before `append`
 * returns. Only the coordinator of a run writes it. A process killed while it writes leaves at most one torn line at
 * the end, which the next opening cuts off.
 */
export class Journal<Event = JournalEvent> {
  readonly content: JournalContent<Event>;
  private readonly file: number;
  private length: number;
  private sequence: number;

  /**
   * Opens or creates a journal for appending.
   *
   * @param known where the journal begins with it, only what follows is read.
   * @throws DATA_INVALID on a corrupt line, STORAGE where it cannot write.
   */
  constructor(
    private readonly path: string,
    known?: JournalBeginning,
  ) {
    this.file = inStorage(path, () => openSync(path, "a+"));
    try {
      this.content = readContent(this.file, path, known);
      this.length = this.content.bytes;
      this.sequence = this.content.after + this.content.events.length;
      if (this.content.notices.length > 0) inStorage(path, () => ftruncateSync(this.file, this.length));
    } catch (error) {
      closeSync(this.file);
      throw error;
    }
  }

  /** Adds one event, durably. Throws STORAGE, and then leaves the journal as it was. */
  append(event: Event): void {
    const line = Buffer.from(`${JSON.stringify(seal(this.sequence, event))}\n`);
    try {
      let written = 0;
      while (written < line.length) written += writeSync(this.file, line, written);
      fsyncSync(this.file);
    } catch (error) {
      this.rollBack();
      throw storageError(error, this.path);
    }
    this.length += line.length;
    this.sequence += 1;
  }

  /** All that it contains now, as what a later opening may know. */
  get beginning(): JournalBeginning {
    return beginningOf(this.file, this.length, this.sequence);
  }

  close(): void {
    closeSync(this.file);
  }

  private rollBack(): void {
    try {
      ftruncateSync(this.file, this.length);
    } catch {
      // The torn line stays; the next opening drops it.
    }
  }
}

/**
 * Reads a journal that another process may be writing.
 *
 * @param known where the journal begins with it, only what follows is read.
 * @returns the events, and by what the journal is known up to their end.
 * @throws DATA_INVALID on a corrupt line.
 */
export function readJournal<Event = JournalEvent>(
  path: string,
  known?: JournalBeginning,
): JournalContent<Event> & { beginning: JournalBeginning } {
  const file = inStorage(path, () => openRegularFile(path));
  try {
    const content = readContent<Event>(file, path, known);
    return { ...content, beginning: beginningOf(file, content.bytes, content.after + content.events.length) };
  } finally {
    closeSync(file);
  }
}

function readContent<Event>(file: number, path: string, known: JournalBeginning | undefined): JournalContent<Event> {
  const { bytes, events } = known !== undefined && beginsWith(file, known) ? known : { bytes: 0, events: 0 };
  return parseJournal(readBytes(file, bytes), path, bytes, events);
}

/** Whether a file is still the one that was read, and has not been cut or written over where that ended. */
function beginsWith(file: number, { inode, bytes, tail }: JournalBeginning): boolean {
  const { ino, size } = fstatSync(file);
  return ino === inode && size >= bytes && tailOf(file, bytes) === tail;
}

const beginningOf = (file: number, bytes: number, events: number): JournalBeginning => ({
  ...{ inode: fstatSync(file).ino, bytes, events, tail: tailOf(file, bytes) },
});

const tailOf = (file: number, bytes: number): string => sha256(readBytes(file, Math.max(0, bytes - tailBytes), bytes));

interface JournalLine<Event> {
  sequence: number;
  checksum: string;
  event: Event;
}

function seal<Event>(sequence: number, event: Event): JournalLine<Event> {
  return { sequence, checksum: digestOf({ sequence, event }).slice(0, 16), event };
}

/** The text of a journal with these events. */
export const journalText = (events: readonly JournalEvent[]): string =>
  events.map((event, sequence) => `${JSON.stringify(seal(sequence, event))}\n`).join("");

/** Parses the bytes of a journal from `from` on, before which there are `after` events. */
function parseJournal<Event>(bytes: Buffer, path: string, from: number, after: number): JournalContent<Event> {
  const content: JournalContent<Event> = { events: [], notices: [], bytes: from, after };
  for (let start = 0; start < bytes.length; start = content.bytes - from) {
    const newline = bytes.indexOf(10, start);
    const sequence = after + content.events.length;
    const event = newline < 0 ? undefined : parseLine<Event>(bytes.toString("utf8", start, newline), sequence);
    if (event === undefined) {
      const line = sequence + 1;
      if (newline >= 0) throw corruptLine(path, line);
      content.notices.push(
        `${path}:${line}: the last line was torn (the process was killed while writing); dropped it`,
      );
      return content;
    }
    content.events.push(event);
    content.bytes = from + newline + 1;
  }
  return content;
}

/** The event of an intact line with that sequence number, else undefined. */
function parseLine<Event>(text: string, sequence: number): Event | undefined {
  try {
    const line = JSON.parse(text) as JournalLine<Event>;
    return line.sequence === sequence && line.checksum === seal(sequence, line.event).checksum ? line.event : undefined;
  } catch {
    return undefined;
  }
}

function corruptLine(path: string, line: number): BenchError {
  return new BenchError("DATA_INVALID", `line ${line} of the journal is not what was written`, {
    fix: "Restore it from a copy; a run can also be started again in another directory with --out.",
    at: { file: path, line },
  });
}

function readBytes(file: number, from: number, to = fstatSync(file).size): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(file, bytes, read, bytes.length - read, from + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

/** Does something with a file of the run directory. Throws STORAGE with its path. */
export function inStorage<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Whatever the file system threw at a file of the run directory, as STORAGE with its path. */
export function storageError(thrown: unknown, path: string): BenchError {
  const error = toBenchError(thrown, "STORAGE");
  if (error.code !== "STORAGE") return error;
  return new BenchError("STORAGE", error.message.includes(path) ? error.message : `${path}: ${error.message}`, {
    fix: error.fix ?? "Check that path, or choose another directory with --out.",
    at: error.at ?? { file: path },
    cause: error,
  });
}
