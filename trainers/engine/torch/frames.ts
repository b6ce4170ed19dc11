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

/** A message's text: the sizes of its tensors with the rest. */
type Sent = Record<string, unknown> & { tensors?: number[] };

/** Bytes of a text; what is large are tensors. */
const longestText = 256 * 2 ** 20;

/** Takes a stream of bytes apart into messages. Each byte is copied once, tensors into their own memory. */
export class MessageReader {
  /** What is to be filled next; run by run, to the end of the stream. */
  private readonly runs = this.messages();
  private run: Uint8Array = this.runs.next().value;
  private filled = 0;

  /** @param hear is called with each message that is complete. */
  constructor(private readonly hear: (message: Record<string, unknown>) => void) {}

  /** Throws SyntaxError, TypeError or RangeError on what is no message. */
  push(chunk: Buffer): void {
    let taken = 0;
    for (;;) {
      const count = chunk.copy(this.run, this.filled, taken);
      taken += count;
      this.filled += count;
      if (this.filled < this.run.length) return;
      this.run = this.runs.next().value;
      this.filled = 0;
    }
  }

  private *messages(): Generator<Uint8Array, never> {
    for (;;) {
      const head = Buffer.alloc(4);
      yield head;
      const length = head.readUInt32LE(0);
      if (length > longestText) throw new RangeError(`a text of ${length} bytes`);
      const text = Buffer.allocUnsafe(length);
      yield text;
      const { tensors: sizes = [], ...message } = JSON.parse(text.toString("utf8")) as Sent;
      if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0 && size % 4 === 0))
        throw new RangeError("sizes of tensors");
      const tensors: Float32Array[] = [];
      for (const size of sizes) {
        const values = new Float32Array(size / 4);
        yield new Uint8Array(values.buffer);
        tensors.push(values);
      }
      this.hear(place(message, tensors) as Record<string, unknown>);
    }
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
