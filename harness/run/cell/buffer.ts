import { readFileSync } from "node:fs";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { BufferItem, Privileges, RehearsalBuffer } from "../../contract/trainer.js";

/**
 * Past data of one cell: contains no more than the trainer declared, and counts its items. It keeps its own copy of
 * the items as text, so that nothing changes behind its back and its size in bytes is the size of its file.
 */
export class MeteredBuffer implements RehearsalBuffer {
  readonly capacity: number;
  private text = "[]";
  private content: readonly BufferItem[] = [];

  constructor(privileges: Privileges) {
    this.capacity = capacityOf(privileges.pastData);
  }

  items(): readonly BufferItem[] {
    return this.content;
  }

  set(items: readonly BufferItem[]): void {
    if (items.length > this.capacity) {
      throw new BenchError(
        "PRIVILEGE_EXCEEDED",
        `${items.length} past samples were stored, ${this.capacity} declared`,
        {
          fix: "Store fewer, or declare more in the trainer's `needs`.",
        },
      );
    }
    this.load(JSON.stringify(items));
  }

  get samples(): number {
    return this.content.length;
  }

  get bytes(): number {
    return this.samples === 0 ? 0 : Buffer.byteLength(this.text);
  }

  save(path: string): void {
    writeFileAtomically(path, this.text);
  }

  restore(path: string): void {
    this.load(readFileSync(path, "utf8"));
  }

  private load(text: string): void {
    this.text = text;
    this.content = JSON.parse(text) as BufferItem[];
  }
}

function capacityOf(pastData: Privileges["pastData"]): number {
  if (pastData === "none") return 0;
  return typeof pastData === "object" && "buffer" in pastData ? pastData.buffer : Number.POSITIVE_INFINITY;
}
