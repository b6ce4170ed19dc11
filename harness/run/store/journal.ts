import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { digestOf } from "../../contract/digest.js";
import { BenchError, toBenchError } from "../../contract/errors.js";
import { openRegularFile } from "../../contract/read-file.js";
import type { JournalEvent } from "../../contract/result.js";

/** The contents of a journal: its intact events in order, and what had to be left out. */
export interface JournalContent<Event = JournalEvent> {
  events: Event[];
  /** Said when a torn last line was dropped. */
  notices: string[];
  /** Length of the intact part, in bytes. */
  bytes: number;
}

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

  /** Opens or creates a journal for appending. Throws DATA_INVALID on a corrupt line, STORAGE where it cannot write. */
  constructor(private readonly path: string) {
    this.file = inStorage(path, () => openSync(path, "a+"));
    try {
      this.content = parseJournal(readBytes(this.file), path);
      this.length = this.content.bytes;
      this.sequence = this.content.events.length;
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

/** Reads a journal that another process may be writing. Throws DATA_INVALID on a corrupt line. */
export function readJournal<Event = JournalEvent>(path: string): JournalContent<Event> {
  const file = inStorage(path, () => openRegularFile(path));
  try {
    return parseJournal(readBytes(file), path);
  } finally {
    closeSync(file);
  }
}

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

function parseJournal<Event>(bytes: Buffer, path: string): JournalContent<Event> {
  const content: JournalContent<Event> = { events: [], notices: [], bytes: 0 };
  while (content.bytes < bytes.length) {
    const newline = bytes.indexOf(10, content.bytes);
    const end = newline < 0 ? bytes.length : newline + 1;
    const event =
      newline < 0 ? undefined : parseLine<Event>(bytes.toString("utf8", content.bytes, newline), content.events.length);
    if (event === undefined) {
      const line = content.events.length + 1;
      if (newline >= 0) throw corruptLine(path, line);
      content.notices.push(
        `${path}:${line}: the last line was torn (the process was killed while writing); dropped it`,
      );
      return content;
    }
    content.events.push(event);
    content.bytes = end;
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

function readBytes(file: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(file).size);
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(file, bytes, read, bytes.length - read, read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

function inStorage<T>(path: string, work: () => T): T {
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
