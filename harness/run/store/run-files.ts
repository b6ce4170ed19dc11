import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import type { JournalEvent } from "../../contract/result.js";
import { checkRecord } from "./check-record.js";
import { changed, parsed, readBytes } from "./file-content.js";
import { upgrade } from "./upgrade.js";

/**
 * The result files of a run directory. Each is compared with its digest in the journal when it is read, and its content
 * with its schema. Files of runs from before there were digests are checked by their schemas alone.
 */
export class RunFiles {
  /** Path relative to the run → SHA-256. */
  private readonly digests = new Map<string, string>();
  /** The same of files that are being replaced: until that is done, they may be as they were. */
  private readonly earlier = new Map<string, string>();
  /** Folders of the cells whose every file has a digest. */
  private readonly closed = new Set<string>();

  constructor(
    readonly directory: string,
    events: readonly JournalEvent[],
  ) {
    for (const event of events) {
      if (event.type === "cell-started") this.closed.delete(`cells/${event.cell}`);
      if (event.type === "run-started") {
        this.add(this.digests, event.files);
        this.earlier.clear();
      }
      if (event.type === "run-extended") {
        this.add(this.digests, event.files);
        this.add(this.earlier, event.before);
      }
      if (event.type === "cell-finished" && event.files !== undefined) {
        this.add(this.digests, event.files);
        this.closed.add(`cells/${event.cell}`);
      }
    }
  }

  /** Whether every file of a cell has a digest; those of a cell that an earlier version finished have none. */
  isProtected(cell: string): boolean {
    return this.closed.has(`cells/${cell}`);
  }

  /** Files with a digest. */
  get count(): number {
    return this.digests.size;
  }

  /** Whether the run wrote a file: the journal says so, or, where there are no digests, the file is there. */
  has(path: string): boolean {
    if (this.digests.has(path)) return true;
    return !this.closed.has(dirname(path).replaceAll("\\", "/")) && existsSync(join(this.directory, path));
  }

  /** Whether a file is there as it was written; one without a digest only has to be there. */
  isIntact(path: string): boolean {
    const file = join(this.directory, path);
    return existsSync(file) && this.isAsWritten(path, readBytes(file));
  }

  /** A JSON file as a record of today. Throws DATA_INVALID where it is missing, changed, or breaks the schema. */
  json<T>(schema: string, path: string): T {
    const file = join(this.directory, path);
    return checkRecord<T>(schema, upgrade(parsed(this.text(path), file)), file);
  }

  /** The records of a file with one JSON value a line. Throws as `json`. */
  lines<T>(schema: string, path: string): T[] {
    const file = join(this.directory, path);
    const lines = this.text(path).split("\n");
    return lines.flatMap((text, index) =>
      text === "" ? [] : [checkRecord<T>(schema, parsed(text, file, index + 1), file, index + 1)],
    );
  }

  private text(path: string): string {
    const file = join(this.directory, path);
    const bytes = readBytes(file);
    if (this.isAsWritten(path, bytes)) return bytes.toString("utf8");
    throw changed(file);
  }

  private isAsWritten(path: string, bytes: Buffer): boolean {
    const digest = this.digests.get(path);
    if (digest === undefined) return true;
    const found = sha256(bytes);
    return found === digest || found === this.earlier.get(path);
  }

  private add(to: Map<string, string>, files: Record<string, string> = {}): void {
    for (const [path, digest] of Object.entries(files)) to.set(path, digest);
  }
}
