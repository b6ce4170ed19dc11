import { randomUUID } from "node:crypto";
import fastify, { type FastifyInstance } from "fastify";
import { modelIn } from "../registry/state.js";
import { ApiError, type ApiPath } from "./api.js";
import { answerCall, apiError, type CallServices } from "./calls.js";
import { takeFeedback } from "./feedback.js";
import { KeyGuard, LoadGuard } from "./guard.js";
import { HeldOutProbes, type HeldOutSettings } from "./held-out.js";
import { ServerMetrics } from "./metrics.js";
import { Monitor, type MonitorSettings } from "./monitor/monitor.js";
import { Observations, type RecordObservations } from "./observations.js";
import { Receipts } from "./receipt.js";
import { addRolloutRoutes, type RolloutControl } from "./rollout-routes.js";
import { Router } from "./router.js";
import { Shadow, type ShadowSettings } from "./shadow.js";
import type { Tracing } from "./tracing.js";
import { type OpenBackend, Versions } from "./versions.js";

/** What a server is started with. */
export interface ServerSettings {
  /** Directory of the model registry. */
  registry: string;
  /** Names of the models that are served. */
  names: readonly string[];
  /** Keys that clients may have; without any, everybody is let in. */
  keys: readonly string[];
  /** Keys of those who may also add observations to rollouts and end them. Without any, only who needs no key may. */
  operatorKeys: readonly string[];
  /** Signs the ids of answers. */
  secret: Uint8Array;
  shadow?: ShadowSettings;
  /** Most calls that wait or are computed at a time. */
  mostPending: number;
  /** Most seconds until the last byte of an answer. */
  timeoutSeconds: number;
  /** Most bytes of a call. */
  mostBytes: number;
  /** Versions that are open at a time, unless more are current. */
  mostVersions: number;
  /** Seconds between two looks at what evidence and policy say; 0 for none. */
  advanceSeconds: number;
  /** Asked before each of these looks. */
  heldOut?: HeldOutSettings;
  /** How the champions are watched. */
  monitor?: MonitorSettings;
  /** Where calls are traced. */
  tracing?: Tracing;
  open: OpenBackend;
  record: RecordObservations;
  rollouts: RolloutControl;
  /** Hears what went wrong, and what was done about rollouts, a line each. */
  log(line: string): void;
}

/** A server of models. */
export interface ModelServer {
  /** Opens the current versions and listens; resolves to its address. */
  listen(host: string, port: number): Promise<string>;
  /** Ends the calls that are under way, then everything else. */
  close(): Promise<void>;
}

/**
 * An OpenAI-compatible server of the versions of a registry (https://platform.openai.com/docs/api-reference): chat,
 * completions, streams, embeddings, models; and feedback, the state of rollouts, metrics.
 *
 * @throws what reading the registry throws; USAGE-like errors are the caller's to check.
 */
export function modelServer(settings: ServerSettings): ModelServer {
  const { names, log } = settings;
  const metrics = new ServerMetrics();
  const failed = (error: Error) => log(`registry or rollout: ${error.message}`);
  const router = new Router(settings.registry, names, failed, log);
  const isCurrent = (name: string, version: number): boolean =>
    router.current(name).includes(version) || shadow?.is(name, version) === true;
  const versions = new Versions(settings.open, settings.mostVersions, isCurrent);
  const shadow = settings.shadow && new Shadow(settings.shadow, versions, metrics);
  const observations = new Observations(settings.record);
  const load = new LoadGuard(settings.mostPending);
  const services: CallServices = {
    ...{ router, versions, observations, metrics, load, shadow, log },
    receipts: new Receipts(settings.secret),
    timeoutSeconds: settings.timeoutSeconds,
    tracing: settings.tracing,
  };
  const probes = settings.heldOut && new HeldOutProbes(settings.heldOut, services);
  const monitor = settings.monitor && new Monitor(settings.registry, settings.monitor, settings.heldOut, services);
  if (monitor !== undefined) services.monitor = monitor;
  const server = fastify({
    logger: false,
    bodyLimit: settings.mostBytes,
    forceCloseConnections: "idle",
    genReqId: () => randomUUID(),
  });
  addRoutes(server, settings, services);
  const advancing = regularly(settings.advanceSeconds, () => advance(settings, services, probes));
  const monitoring = regularly(settings.monitor?.everySeconds ?? 0, async () => {
    for (const name of names) {
      await monitor!.look(name).catch((error: Error) => log(`${name}: it could not be watched: ${error.message}`));
    }
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([advancing(), monitoring()]);
    // A connection whose call is under way now is idle later, and would be kept for its client's next call.
    const sweep = setInterval(() => server.server.closeIdleConnections(), 50);
    await server.close();
    clearInterval(sweep);
    await shadow?.settle();
    await observations.flush();
    await versions.close();
    await settings.tracing?.close();
  };
  return {
    async listen(host, port) {
      for (const name of names) for (const version of router.current(name)) await versions.get(name, version);
      if (settings.shadow !== undefined) await versions.get(settings.shadow.name, settings.shadow.version);
      return server.listen({ host, port });
    },
    close: () => (closing ??= close()),
  };
}

function addRoutes(server: FastifyInstance, settings: ServerSettings, services: CallServices): void {
  const { names, rollouts } = settings;
  const { router, metrics, load, log } = services;
  const keys = new KeyGuard(settings.keys.length === 0 ? [] : [...settings.keys, ...settings.operatorKeys]);
  const operators = new KeyGuard(settings.operatorKeys);
  server.addHook("onRequest", async ({ headers, url, routeOptions }) => {
    if (url !== "/health" && routeOptions.config.takesTokenInBody !== true) keys.check(headers.authorization);
  });
  server.setErrorHandler((error, request, reply) => {
    const answer = apiError(error);
    if (answer.status >= 500) log(`${request.method} ${request.url}: ${(error as Error).message}`);
    metrics.refused.inc({ reason: answer.details.code ?? `${answer.status}` });
    const { retryAfter } = answer.details;
    if (retryAfter !== undefined) void reply.header("retry-after", retryAfter);
    return reply.code(answer.status).send(answer.toBody());
  });
  server.setNotFoundHandler(({ method, url }) => {
    throw new ApiError(404, `there is no ${method} ${url.slice(0, 100)} here`);
  });
  server.get("/health", async () => ({ status: "ok" }));
  server.get("/metrics", async (_, reply) => {
    metrics.pending.set(load.pending);
    for (const name of names) showRollout(name, settings, services);
    return reply.header("content-type", metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  server.get("/v1/models", async () => ({ object: "list", data: modelsOf(router) }));
  for (const path of ["chat/completions", "completions", "embeddings"] satisfies ApiPath[]) {
    server.post(`/v1/${path}`, (request, reply) => answerCall(path, request, reply, services));
  }
  server.post("/v1/feedback", (request) => takeFeedback(request, services));
  addRolloutRoutes(server, rollouts, names, { keys, operators });
}

/** Names, each with its versions and aliases, as models of the API. */
function modelsOf({ state, names }: Router): object[] {
  return names.flatMap((name) => {
    const { versions, aliases } = modelIn(state, name);
    const ids = [...versions.map(({ version }) => version), ...Object.keys(aliases)];
    return [name, ...ids.map((id) => `${name}@${id}`)].map((id) => ({
      id,
      object: "model",
      created: 0,
      owned_by: "bench",
    }));
  });
}

function showRollout(name: string, { rollouts }: ServerSettings, { router, metrics }: CallServices): void {
  if (router.rollout(name) === undefined) {
    metrics.percent.set({ model: name }, 0);
    return;
  }
  const { percent, decision } = rollouts.status(name);
  metrics.percent.set({ model: name }, percent);
  for (const [metric, { worse, notWorse }] of Object.entries(decision.evidence)) {
    metrics.evidence.set({ model: name, metric, side: "worse" }, worse);
    metrics.evidence.set({ model: name, metric, side: "not worse" }, notWorse);
  }
}

/** Looks at each live rollout, and does what evidence and policy say. */
async function advance(
  { names, rollouts }: ServerSettings,
  { router, metrics, log }: CallServices,
  probes: HeldOutProbes | undefined,
): Promise<void> {
  for (const name of names) {
    const rollout = router.rollout(name);
    if (rollout === undefined) continue;
    try {
      await probes?.round(rollout);
      const done = await rollouts.advance(name);
      if (done === undefined || done.action === "wait") continue;
      const { action, reason } = done;
      metrics.actions.inc({ model: name, action });
      log(`${name}: ${action}: ${reason}`);
    } catch (error) {
      log(`${name}: the rollout could not be looked at: ${(error as Error).message}`);
    }
  }
}

/** Does work every so many seconds, one at a time; never where they are 0. Returns what ends it. */
function regularly(seconds: number, work: () => Promise<void>): () => Promise<void> {
  if (seconds === 0) return async () => {};
  let working: Promise<void> | undefined;
  const timer = setInterval(() => {
    working ??= work().finally(() => {
      working = undefined;
    });
  }, 1000 * seconds);
  return async () => {
    clearInterval(timer);
    await working;
  };
}
