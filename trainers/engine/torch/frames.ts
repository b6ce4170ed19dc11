import { constants } from "node:buffer";

/*
 * Messages on a pipe: the length of a JSON text (4 bytes, little endian), the text, and the bytes of its tensors. In the
 * text a tensor is {"tensor": i}; the i-th of "tensors" is its length in bytes. Tensors are float32, little endian.
 * A number that JSON does not have is {"number": "nan"}, "inf" or "-inf". `bench_torch/wire.py` is the other end.
 */

/** The bytes of a message; typed arrays of float32 in it, at any depth, become tensors. */
export function encodeMessage(message: object): Uint8Array[] {
  const tensors: Uint8Array[] = [];
  const take = (_key: string, value: unknown): unknown => {
    if (!(value instanceof Float32Array)) return value;
    tensors.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    return { tensor: tensors.length - 1 };
  };
  const body = JSON.stringify(message, take);
  const sizes = JSON.stringify(tensors.map(({ byteLength }) => byteLength));
  const text = Buffer.from(`${body.slice(0, -1)},"tensors":${sizes}}`);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  return [head, text, ...tensors];
}

/** Bytes of a text; what is large are tensors. */
const longestText = 256 * 2 ** 20;

/** Takes a stream of bytes apart into messages, in time linear in their length. */
export class MessageReader {
  private chunks: Buffer[] = [];
  private held = 0;
  /** Of the next text, where its head was read. */
  private length: number | undefined;
  private text: { message: Record<string, unknown>; sizes: number[] } | undefined;

  /** @param hear is called with each message that is complete. */
  constructor(private readonly hear: (message: Record<string, unknown>) => void) {}

  /** Throws SyntaxError, TypeError or RangeError on what is no message. */
  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.held += chunk.length;
    while (this.advance());
  }

  /** Reads the next head, its text, or the tensors of the one that was read. False where bytes are missing. */
  private advance(): boolean {
    if (this.length === undefined) {
      if (this.held < 4) return false;
      this.length = this.take(4).readUInt32LE(0);
      if (this.length > longestText) throw new RangeError(`a text of ${this.length} bytes`);
    }
    if (this.text === undefined) {
      if (this.held < this.length) return false;
      const text = this.take(this.length).toString("utf8");
      const { tensors = [], ...message } = JSON.parse(text) as Record<string, unknown> & { tensors?: number[] };
      if (!tensors.every((size) => Number.isSafeInteger(size) && size >= 0 && size % 4 === 0))
        throw new RangeError("sizes of tensors");
      this.text = { message, sizes: tensors };
    }
    const { message, sizes } = this.text;
    const size = sizes.reduce((sum, own) => sum + own, 0);
    if (size > constants.MAX_LENGTH) throw new RangeError(`tensors of ${size} bytes`);
    if (this.held < size) return false;
    const bytes = this.take(size);
    let start = 0;
    const tensors = sizes.map((own) => {
      const values = new Float32Array(own / 4);
      bytes.copy(new Uint8Array(values.buffer), 0, start, start + own);
      start += own;
      return values;
    });
    this.length = undefined;
    this.text = undefined;
    this.hear(place(message, tensors) as Record<string, unknown>);
    return true;
  }

  private take(count: number): Buffer {
    if (count === 0) return Buffer.alloc(0);
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks = all.length > count ? [all.subarray(count)] : [];
    this.held -= count;
    return all.subarray(0, count);
  }
}

/** Numbers that JSON does not have, as Python writes them. */
const numbers: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function place(value: unknown, tensors: readonly Float32Array[]): unknown {
  if (Array.isArray(value)) return value.map((item) => (typeof item === "number" ? item : place(item, tensors)));
  if (value === null || typeof value !== "object") return value;
  const { tensor, number, ...rest } = value as Record<string, unknown>;
  const single = Object.keys(rest).length === 0;
  if (single && typeof tensor === "number") return tensors[tensor];
  if (single && typeof number === "string") return numbers[number];
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, place(item, tensors)]));
}
