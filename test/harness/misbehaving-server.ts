import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as the server got it. */
export interface Received {
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
  /** Milliseconds of the clock. */
  at: number;
}

type Answer = (received: Received, response: ServerResponse) => void;

/** Ways to answer badly. */
export const misbehavior = {
  status:
    (status: number, headers: Record<string, string> = {}): Answer =>
    (_, response) => {
      response.writeHead(status, headers).end("busy");
    },
  hang: (): Answer => () => undefined,
  reset: (): Answer => (_, response) => void response.socket!.destroy(),
  text:
    (text: string): Answer =>
    (_, response) =>
      void response.end(text),
  /** Announces more than it sends, then closes. */
  torn:
    (text: string): Answer =>
    (_, response) => {
      response.writeHead(200, { "content-length": String(text.length) });
      response.write(text.slice(0, text.length / 2), () => response.socket!.destroy());
    },
};

/** A real local server that answers the first requests as scripted, and all others well. */
export class MisbehavingServer {
  readonly received: Received[] = [];
  /** Most requests that were open at a time. */
  concurrent = 0;
  private open = 0;
  private readonly server: Server;

  constructor(
    private readonly script: Answer[],
    private readonly well: Answer,
    /** Which requests the script is for. */
    scripted: (received: Received) => boolean = () => true,
  ) {
    this.server = createServer((request, response) => {
      this.open += 1;
      this.concurrent = Math.max(this.concurrent, this.open);
      response.on("close", () => (this.open -= 1));
      let body = "";
      request.setEncoding("utf8").on("data", (text) => (body += text));
      request.on("end", () => {
        const received = { path: request.url!, headers: request.headers, body, at: performance.now() };
        this.received.push(received);
        ((scripted(received) ? this.script.shift() : undefined) ?? this.well)(received, response);
      });
    });
  }

  /** Starts on a free port; the address has no path. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
