import { randomUUID } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { DashboardRenderer, DashboardState } from "../contract/dashboard.js";
import { BenchError } from "../contract/errors.js";
import { ApiError } from "../serve/api.js";
import { apiError, objectOf } from "../serve/calls.js";
import { isLoopback, KeyGuard } from "../serve/guard.js";

/** What a dashboard is started with. */
export interface DashboardSettings {
  /** Of those who may act; without any, nobody may. */
  keys: readonly string[];
  /** Whether only this machine reaches it: then requests to other names are refused, whoever lets them point here. */
  loopback: boolean;
  /** Seconds between two looks at what has changed. */
  everySeconds: number;
  read(): DashboardState;
  renderer: DashboardRenderer;
  /** Goes back to the champion that a rollout began with. Throws USAGE, UNKNOWN_NAME. */
  rollBack(name: string, reason: string): Promise<void>;
}

/** A dashboard that listens. */
export interface DashboardServer {
  /** Resolves to its address. */
  listen(host: string, port: number): Promise<string>;
  close(): Promise<void>;
}

/** Everything is of this server: no other one is asked, and no other page may contain this one. */
const policy = [
  ...["default-src 'none'", "style-src 'self'", "style-src-attr 'unsafe-inline'", "script-src 'self'"],
  ...["connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const headers = {
  ...{ "content-security-policy": policy, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" },
  ...{ "cache-control": "no-store", "cross-origin-resource-policy": "same-origin" },
};

/** Most pages that are kept up to date at a time, and most bytes that wait for one of them. */
const [mostListeners, mostUnread] = [100, 16 * 2 ** 20];

/** A page of the parts as the last look found them, and events that replace those that have changed since. */
export function dashboardServer(settings: DashboardSettings): DashboardServer {
  const server = fastify({ logger: false, bodyLimit: 65_536, forceCloseConnections: true });
  const updates = new Updates(settings);
  addRoutes(server, settings, updates);
  return {
    listen: (host, port) => server.listen({ host, port }),
    async close() {
      updates.close();
      await server.close();
    },
  };
}

function addRoutes(server: FastifyInstance, settings: DashboardSettings, updates: Updates): void {
  const { renderer, loopback } = settings;
  const keys = new KeyGuard(settings.keys);
  server.addHook("onRequest", async ({ hostname }, reply) => {
    reply.headers(headers);
    if (loopback && !isLoopback(hostname)) throw new ApiError(403, "this dashboard is for the machine that it runs on");
  });
  server.setErrorHandler((error, _request, reply) => {
    const known = error instanceof BenchError && ["USAGE", "UNKNOWN_NAME"].includes(error.code);
    const answer = known ? new ApiError(409, (error as BenchError).message) : apiError(error);
    return reply.code(answer.status).send(answer.toBody());
  });
  server.get("/", async (_, reply) => reply.type("text/html; charset=utf-8").send(updates.page()));
  for (const [path, { type, content }] of Object.entries(renderer.assets)) {
    server.get(`/${path}`, async (_, reply) => reply.type(type).send(content));
  }
  server.get("/events", ({ headers, query }, reply) => {
    const { since } = query as { since?: unknown };
    updates.add(reply, String(headers["last-event-id"] ?? since ?? ""));
  });
  server.post("/rollouts/:name/rollback", async (request) => {
    if (!keys.isSet) throw new ApiError(403, "this dashboard only shows; start it with --keys to act");
    keys.check(request.headers.authorization);
    const { reason } = objectOf(request.body);
    if (typeof reason !== "string" || reason.trim() === "" || reason.length > 1000) {
      throw new ApiError(400, "a reason is needed, of up to 1,000 characters", { param: "reason" });
    }
    await settings.rollBack((request.params as { name: string }).name, reason.trim());
    updates.look();
    return { done: true };
  });
}

/** Pages and their server-sent events: while any page is open, what has changed is looked for. */
class Updates {
  readonly #listeners = new Set<FastifyReply["raw"]>();
  /** Of this server among those that may have run before it. */
  readonly #epoch = randomUUID();
  /** The parts as they were rendered last, and each at which look it changed last. */
  #parts: Record<string, string> = {};
  readonly #changed: Record<string, number> = {};
  #looks = 0;
  #looked = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly settings: DashboardSettings) {}

  /** The whole page as it is now. */
  page(): string {
    this.#lookAgain();
    const { renderer, keys } = this.settings;
    return renderer.page(this.#parts, { takesKeys: keys.length > 0, stamp: this.#stamp });
  }

  /** Sends the parts that have changed since a stamp, then each as it changes. */
  add(reply: FastifyReply, since: string): void {
    if (this.#listeners.size >= mostListeners) throw new ApiError(503, `${mostListeners} pages are open already`);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    this.#lookAgain();
    const [epoch, look] = since.split(".");
    const known = epoch === this.#epoch ? Number(look) : 0;
    raw.write(": connected\n\n");
    for (const id of Object.keys(this.#parts)) if (!(this.#changed[id]! <= known)) raw.write(this.#eventOf(id));
    this.#listeners.add(raw);
    this.#timer ??= setInterval(() => this.look(), 1000 * this.settings.everySeconds);
    raw.once("close", () => {
      this.#listeners.delete(raw);
      if (this.#listeners.size === 0) this.#stop();
    });
  }

  /** Sends what has changed. */
  look(): void {
    const parts = this.settings.renderer.parts(this.settings.read());
    const changed = Object.keys(parts).filter((id) => parts[id] !== this.#parts[id]);
    this.#parts = parts;
    this.#looks += 1;
    this.#looked = performance.now();
    for (const id of changed) {
      this.#changed[id] = this.#looks;
      for (const listener of this.#listeners) {
        if (listener.writableLength > mostUnread) listener.destroy();
        else listener.write(this.#eventOf(id));
      }
    }
  }

  /** Looks, unless that was done within the time between two looks. */
  #lookAgain(): void {
    if (performance.now() - this.#looked >= 1000 * this.settings.everySeconds) this.look();
  }

  get #stamp(): string {
    return `${this.#epoch}.${this.#looks}`;
  }

  #eventOf(id: string): string {
    return `event: part\nid: ${this.#stamp}\ndata: ${JSON.stringify({ id, html: this.#parts[id] })}\n\n`;
  }

  close(): void {
    this.#stop();
    for (const listener of this.#listeners) listener.end();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
