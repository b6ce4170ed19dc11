import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { DashboardRenderer, DashboardState } from "../contract/dashboard.js";
import { BenchError } from "../contract/errors.js";
import { ApiError } from "../serve/api.js";
import { apiError, objectOf } from "../serve/calls.js";
import { KeyGuard } from "../serve/guard.js";

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

/** A page that is made anew at each request, and events that replace the parts of it that have changed since. */
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
    const isHere = ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
    if (loopback && !isHere) throw new ApiError(403, "this dashboard is for the machine that it runs on");
  });
  server.setErrorHandler((error, _request, reply) => {
    const known = error instanceof BenchError && ["USAGE", "UNKNOWN_NAME"].includes(error.code);
    const answer = known ? new ApiError(409, (error as BenchError).message) : apiError(error);
    return reply.code(answer.status).send(answer.toBody());
  });
  server.get("/", async (_, reply) => reply.type("text/html; charset=utf-8").send(renderer.page(settings.read())));
  for (const [path, { type, content }] of Object.entries(renderer.assets)) {
    server.get(`/${path}`, async (_, reply) => reply.type(type).send(content));
  }
  server.get("/events", (_, reply) => updates.add(reply));
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

/** Server-sent events for open pages: while there are any, what has changed is looked for. */
class Updates {
  readonly #listeners = new Set<FastifyReply["raw"]>();
  /** The parts as they were sent last. */
  #parts: Record<string, string> = {};
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly settings: DashboardSettings) {}

  /** Sends all parts, then each as it changes. */
  add(reply: FastifyReply): void {
    if (this.#listeners.size >= mostListeners) throw new ApiError(503, `${mostListeners} pages are open already`);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    this.look();
    for (const [id, html] of Object.entries(this.#parts)) raw.write(eventOf(id, html));
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
    for (const [id, html] of Object.entries(parts)) {
      if (this.#parts[id] === html) continue;
      for (const listener of this.#listeners) {
        if (listener.writableLength > mostUnread) listener.destroy();
        else listener.write(eventOf(id, html));
      }
    }
    this.#parts = parts;
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

const eventOf = (id: string, html: string): string => `event: part\ndata: ${JSON.stringify({ id, html })}\n\n`;
