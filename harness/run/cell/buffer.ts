import { readFileSync, statSync } from "node:fs";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { BufferItem, Privileges, RehearsalBuffer } from "../../contract/trainer.js";

/**
 * Past data of one cell: contains no more than the trainer declared, and counts its items and the bytes that are not
 * theirs. It keeps its own copy of the items as text, so that nothing changes behind its back and its size in bytes is the
 * size of its file, with those of the images that its items name.
 */
export class MeteredBuffer implements RehearsalBuffer {
  readonly capacity: number;
  private text = "[]";
  private content: readonly BufferItem[] = [];
  private imageBytes = 0;
  private readonly payloadLimit: number;

  /** @param payloadOf bytes of an item that are not a training example's; none unless given. */
  constructor(
    { pastData }: Privileges,
    private readonly payloadOf: (item: BufferItem) => number = () => 0,
  ) {
    const bounded = typeof pastData === "object" && "buffer" in pastData ? pastData : undefined;
    this.capacity = bounded?.buffer ?? (pastData === "none" ? 0 : Number.POSITIVE_INFINITY);
    this.payloadLimit = bounded === undefined ? Number.POSITIVE_INFINITY : (bounded.payloadBytes ?? 0);
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
    const payload = items.reduce((sum, item) => sum + this.payloadOf(item), 0);
    if (payload > this.payloadLimit) {
      throw new BenchError(
        "PRIVILEGE_EXCEEDED",
        `${payload} bytes were stored with past samples, ${this.payloadLimit} declared`,
        {
          fix: "Store training examples as they came, or declare `payloadBytes` next to `buffer` in the trainer's `needs`.",
        },
      );
    }
    this.load(JSON.stringify(items));
  }

  get samples(): number {
    return this.content.length;
  }

  get bytes(): number {
    return this.samples === 0 ? 0 : Buffer.byteLength(this.text) + this.imageBytes;
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
    this.imageBytes = imageBytes(this.content);
  }
}

/** Bytes of the files of the images, each once. Throws DATA_INVALID where one is gone. */
function imageBytes(items: readonly BufferItem[]): number {
  const paths = new Map<string, string>();
  for (const { example } of items)
    for (const part of example.input) if (part.type === "image") paths.set(part.digest, part.path);
  return [...paths.values()].reduce((sum, path) => {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file !== undefined) return sum + file.size;
    const fix = "Put the file back where the suite named it.";
    throw new BenchError("DATA_INVALID", "An image of the rehearsal buffer is gone.", { at: { file: path }, fix });
  }, 0);
}
