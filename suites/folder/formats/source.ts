import { createHash, type Hash } from "node:crypto";
import { closeSync, readSync } from "node:fs";
import { BenchError, type ErrorLocation } from "../../../harness/contract/errors.js";
import { openRegularFile } from "../../../harness/contract/files/read-file.js";

const chunkSize = 1 << 20;
const byteOrderMark = Buffer.from("\ufeff");

/** The type of a file that is not UTF-8 text, by its first bytes. */
const foreign: { bytes: number[]; message: string; fix: string }[] = [
  { bytes: [0xff, 0xfe], message: "the file is UTF-16", fix: "Save it as UTF-8: iconv -f UTF-16 -t UTF-8." },
  { bytes: [0xfe, 0xff], message: "the file is UTF-16", fix: "Save it as UTF-8: iconv -f UTF-16 -t UTF-8." },
  { bytes: [0x1f, 0x8b], message: "the file is compressed by gzip", fix: "Unpack it: gunzip." },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], message: "the file is compressed by zstd", fix: "Unpack it: unzstd." },
  { bytes: [...Buffer.from("PK\u0003\u0004")], message: "the file is a ZIP archive", fix: "Unpack it." },
  { bytes: [...Buffer.from("PAR1")], message: "the file is Parquet", fix: "Give it the extension .parquet." },
];

/** A text file read piece by piece, so that no text as long as the file is ever made. */
export class Source {
  readonly #hash: Hash = createHash("sha256");

  constructor(readonly file: string) {}

  /**
   * The bytes of the file without a byte order mark.
   *
   * @throws DATA_INVALID for a file that cannot be read, or is compressed, UTF-16 or binary.
   */
  *chunks(): Generator<Buffer> {
    let handle: number;
    try {
      handle = openRegularFile(this.file);
    } catch (error) {
      const message = `the file cannot be read: ${(error as Error).message}`;
      throw invalid({ file: this.file }, message, "Check the path and its permissions.");
    }
    try {
      for (let first = true; ; first = false) {
        const buffer = Buffer.allocUnsafe(chunkSize);
        const bytes = buffer.subarray(0, readSync(handle, buffer));
        if (bytes.length === 0) return;
        this.#hash.update(bytes);
        if (first) this.#check(bytes);
        const marked = first && startsWith(bytes, byteOrderMark);
        yield marked ? bytes.subarray(byteOrderMark.length) : bytes;
      }
    } finally {
      closeSync(handle);
    }
  }

  /** SHA-256 of the bytes read so far, once. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  #check(bytes: Buffer): void {
    const found = foreign.find((kind) => startsWith(bytes, kind.bytes));
    const at = { file: this.file };
    if (found !== undefined) throw invalid(at, found.message, found.fix);
    if (bytes.subarray(0, 4096).includes(0)) {
      throw invalid(at, "the file is binary, or UTF-16 without a byte order mark", "Save it as UTF-8.");
    }
  }
}

const startsWith = (bytes: Buffer, start: ArrayLike<number>): boolean =>
  Array.from(start).every((byte, index) => bytes[index] === byte);

export function invalid(at: ErrorLocation, message: string, fix: string): BenchError {
  return new BenchError("DATA_INVALID", message, { at, fix });
}
