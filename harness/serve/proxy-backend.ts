import { PassThrough, type Readable } from "node:stream";
import { Agent, request } from "undici";
import { BenchError } from "../contract/errors.js";
import { type ApiAnswer, type ApiCall, ApiError, type Backend, errorAnswer } from "./api.js";

/** A server that speaks OpenAI's API. */
export interface Upstream {
  /** Up to and including `/v1`. */
  root: string;
  /** Its name of the model; the one that the client gave, unless given. */
  model?: string;
  /** Its key. */
  key?: string;
}

/** Most bytes of an answer that is not streamed. */
const mostBytes = 64 * 2 ** 20;

/**
 * A version that another server computes. Calls pass through as they are, but for the model's name; keys of clients stay
 * here.
 */
export class ProxyBackend implements Backend {
  readonly #agent: Agent;
  #pending = 0;

  /** @param connections most of them at a time. */
  constructor(
    private readonly upstream: Upstream,
    connections: number,
  ) {
    this.#agent = new Agent({ connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 }); // the call has its limit
  }

  get pending(): number {
    return this.#pending;
  }

  async answer({ path, body, signal, headers }: ApiCall): Promise<ApiAnswer> {
    const { root, model, key } = this.upstream;
    this.#pending += 1;
    const done = () => {
      this.#pending -= 1;
    };
    try {
      const answer = await request(`${root}/${path}`, {
        method: "POST",
        headers: {
          ...{ ...headers, "content-type": "application/json" },
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(model === undefined ? body : { ...body, model }),
        dispatcher: this.#agent,
        signal,
      });
      const kind = answer.headers["content-type"];
      const streams = typeof kind === "string" && kind.startsWith("text/event-stream");
      if (streams)
        return { status: answer.statusCode, contentType: "text/event-stream", body: follow(answer.body, done) };
      const text = await bounded(answer.body);
      done();
      return { status: answer.statusCode, contentType: "application/json", body: jsonOf(text) };
    } catch (error) {
      done();
      if (signal.aborted) throw error;
      const message =
        error instanceof ApiError ? error.message : "the server that answers for this model cannot be reached";
      return errorAnswer(new ApiError(502, message, { code: "upstream_failed" }));
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }
}

/** A stream that ends with an event that says so where the upstream breaks off. */
function follow(source: Readable, done: () => void): Readable {
  const stream = new PassThrough();
  source.once("error", () => {
    const failure = new ApiError(502, "the server that answers broke off", { code: "upstream_failed" });
    stream.end(`data: ${JSON.stringify(failure.toBody())}\n\n`);
  });
  stream.once("close", () => {
    source.destroy();
    done();
  });
  source.pipe(stream);
  return stream;
}

async function bounded(source: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of source) {
    bytes += part.length;
    if (bytes > mostBytes) throw new ApiError(502, `the server that answers sent more than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function jsonOf(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new ApiError(502, "the server that answers sent no JSON");
  }
}

/**
 * Reads the address of an upstream: `http://host:port/v1`, with its name of the model behind `#`.
 *
 * @throws USAGE for what is no such address.
 */
export function parseUpstream(text: string, key?: string): Upstream {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.username !== "") {
    throw new BenchError("USAGE", `${JSON.stringify(text)} is no address of a server`, {
      fix: "Give it as http://host:port/v1, with its name of the model behind # where that is another one.",
    });
  }
  const model = decodeURIComponent(url.hash.slice(1));
  return {
    root: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...(model !== "" && { model }),
    ...(key !== undefined && { key }),
  };
}
