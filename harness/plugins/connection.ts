import type { Readable, Writable } from "node:stream";
import { BenchError, type ErrorCode, errorCodes, toBenchError } from "../contract/errors.js";
import { cut } from "../contract/printable.js";

/** The requests, notifications and errors of the other side. */
export interface ConnectionHandlers {
  request(method: string, parameters: unknown): Promise<unknown>;
  notification(method: string, parameters: unknown): void;
  /** A line that is no JSON-RPC message, or an answer to a question never asked. The connection is of no more use. */
  protocolError(what: string): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: BenchError): void;
}

type Incoming = { id?: unknown; method?: unknown; params?: unknown; result?: unknown; error?: WireError };
type WireError = { code: number; message: string; data?: { code?: string; fix?: string; stack?: string } };

const longestLine = 256 * 1024 * 1024;

/** JSON-RPC 2.0 in both directions over two streams, one message a line. */
export class Connection {
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  /** Pieces of a line whose end has not come. */
  private pieces: string[] = [];
  private length = 0;
  private closed = false;

  constructor(
    input: Readable,
    private readonly output: Writable,
    private readonly handlers: ConnectionHandlers,
  ) {
    input.setEncoding("utf8");
    input.on("data", (chunk: string) => this.receive(chunk));
    output.on("error", () => {}); // a broken pipe: the end of the process says more
  }

  request(method: string, parameters: unknown): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.send({ id, method, params: parameters });
    });
  }

  notify(method: string, parameters: unknown): void {
    this.send({ method, params: parameters });
  }

  get waiting(): boolean {
    return this.pending.size > 0;
  }

  /** Ends every open request with an error; nothing is read any more. */
  close(error: BenchError): void {
    this.closed = true;
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }

  private send(message: object): void {
    if (this.output.writable) this.output.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  }

  private receive(chunk: string): void {
    let from = 0;
    for (let end = chunk.indexOf("\n"); end >= 0 && !this.closed; end = chunk.indexOf("\n", from)) {
      const line = this.pieces.join("") + chunk.slice(from, end);
      from = end + 1;
      this.pieces = [];
      this.length = 0;
      if (line.trim() !== "") this.dispatch(line);
    }
    if (this.closed) return;
    this.pieces.push(chunk.slice(from));
    this.length += chunk.length - from;
    if (this.length > longestLine) this.protocolError(`wrote a line of over ${longestLine / 2 ** 20} MiB`);
  }

  private dispatch(line: string): void {
    const message = parse(line);
    if (message === undefined) {
      this.protocolError(`wrote a line that is no JSON-RPC message: ${excerpt(line)}`);
    } else if (typeof message.method !== "string") {
      this.answered(message);
    } else if (message.id === undefined) {
      this.handlers.notification(message.method, message.params);
    } else {
      this.handlers.request(message.method, message.params).then(
        (result) => this.send({ id: message.id, result: result ?? null }),
        (error: unknown) => this.send({ id: message.id, error: toWire(error) }),
      );
    }
  }

  private answered({ id, result, error }: Incoming): void {
    const asked = this.pending.get(id as number);
    if (asked === undefined) {
      this.protocolError(`answered a request that was never made (id ${excerpt(JSON.stringify(id) ?? "none")})`);
      return;
    }
    this.pending.delete(id as number);
    if (error !== undefined && error !== null) asked.reject(fromWire(error));
    else asked.resolve(result);
  }

  private protocolError(what: string): void {
    this.closed = true;
    this.pieces = [];
    this.handlers.protocolError(what);
  }
}

function parse(line: string): Incoming | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const excerpt = (text: string): string => JSON.stringify(cut(text, 120));

function toWire(thrown: unknown): WireError {
  const { code, message, fix, stack } = toBenchError(thrown, "PLUGIN_FAILED");
  return { code: -32000, message, data: { code, fix, stack } };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function fromWire(error: WireError): BenchError {
  const code = textOf(error.data?.code);
  const known = code !== undefined && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "PLUGIN_FAILED";
  return BenchError.fromRecord({
    code: known,
    message: textOf(error.message) ?? "an error without a message",
    fix: textOf(error.data?.fix),
    stack: textOf(error.data?.stack),
  });
}
