import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { type ApiAnswer, type ApiCall, ApiError, type ApiPath } from "./api.js";
import type { LoadGuard } from "./guard.js";
import { ServerMetrics } from "./metrics.js";
import type { Observations } from "./observations.js";
import type { Receipts } from "./receipt.js";
import type { Route, Router } from "./router.js";
import type { Shadow } from "./shadow.js";
import type { TracedWork, Tracing } from "./tracing.js";
import type { Versions } from "./versions.js";

/** What answering a call takes. */
export interface CallServices {
  router: Router;
  versions: Versions;
  receipts: Receipts;
  observations: Observations;
  metrics: ServerMetrics;
  load: LoadGuard;
  shadow: Shadow | undefined;
  tracing: Tracing | undefined;
  /** Hears of each call that was answered, where deployed versions are watched. */
  monitor?: { add(by: Route, body: ApiCall["body"], seconds: number): void };
  /** Most seconds until the last byte of an answer. */
  timeoutSeconds: number;
  log(line: string): void;
}

/** Metrics of a policy that the server observes itself: of every call that a rollout routed. */
export const ownMetrics = ["seconds", "failed"] as const;

/** Answers a call by the version that aliases and rollouts choose. */
export async function answerCall(
  path: ApiPath,
  request: FastifyRequest,
  reply: FastifyReply,
  services: CallServices,
): Promise<FastifyReply> {
  const body = objectOf(request.body);
  if (typeof body.model !== "string") throw new ApiError(400, `"model" is missing`, { param: "model" });
  const route = services.router.route(body.model, bucketOf(body, request));
  const leave = services.load.enter();
  const trace = services.tracing?.start(`POST /v1/${path}`, request.headers, {
    ...{ "http.request.method": "POST", "url.path": `/v1/${path}`, "gen_ai.request.model": body.model.slice(0, 200) },
  });
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(timeout(services.timeoutSeconds)), 1000 * services.timeoutSeconds);
  const end = () => {
    clearTimeout(timer);
    leave();
  };
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) patience.abort(new ApiError(499, "the client left"));
    trace?.end({ "http.response.status_code": reply.statusCode }, reply.statusCode >= 500);
    end();
  });
  try {
    const scope = () => digestOf(request.headers.authorization ?? "");
    const call = { path, body, scope, signal: patience.signal, trace };
    const { answer, id, by } = await answerOrFallBack(call, route, services);
    reply
      .code(answer.status)
      .header("content-type", answer.contentType)
      .header("x-request-id", id)
      .header("x-bench-version", `${by.name}@${by.version}`);
    return reply.send(answer.body);
  } catch (error) {
    end();
    throw error;
  }
}

type Unrouted = Pick<ApiCall, "path" | "body" | "scope" | "signal"> & { trace: TracedWork | undefined };

/** Names of OpenTelemetry's conventions for generative models. */
const operations: Record<ApiPath, string> = {
  ...{ "chat/completions": "chat", completions: "text_completion", embeddings: "embeddings" },
};

interface Answered {
  answer: ApiAnswer;
  id: string;
  by: Route;
}

/** A candidate that fails is observed to, and the champion answers: that is no matter of the client's. */
async function answerOrFallBack(call: Unrouted, route: Route, services: CallServices): Promise<Answered> {
  const first = answerBy(call, route, services);
  if (route.rollout?.arm !== "candidate") return first;
  try {
    const answered = await first;
    if (answered.answer.status < 500) return answered;
  } catch (error) {
    if (call.signal.aborted) throw error;
    services.log(`${route.name}@${route.version} failed: ${(error as Error).message}`);
  }
  const version = services.router.rollout(route.name)?.champion;
  return version === undefined ? first : answerBy(call, { name: route.name, version }, services);
}

async function answerBy({ trace, ...unrouted }: Unrouted, by: Route, services: CallServices): Promise<Answered> {
  const { versions, receipts, metrics, shadow } = services;
  const id = receipts.issue(by);
  const operation = operations[unrouted.path];
  const work = trace?.child(`${operation} ${by.name}`, {
    ...{ "gen_ai.operation.name": operation, "gen_ai.request.model": by.name, "gen_ai.response.id": id },
    ...{ "bench.version": by.version, "bench.arm": by.rollout?.arm ?? "none" },
  });
  const call: ApiCall = { ...unrouted, id, model: by.name, headers: work?.headers };
  const began = performance.now();
  const finish = (status: number) => {
    work?.end({ "http.response.status_code": status }, status >= 500);
    const seconds = (performance.now() - began) / 1000;
    if (status === 200) services.monitor?.add(by, call.body, seconds);
    finished(id, unrouted.path, by, status, seconds, services);
  };
  try {
    const answering = versions.get(by.name, by.version).then((backend) => backend.answer(call));
    const answer = await withinPatience(answering, call.signal);
    const finishAnswer = () => {
      if (answer.prompt !== undefined) {
        const { all, cached } = answer.prompt;
        const of = { model: by.name, version: `${by.version}` };
        metrics.promptTokens.inc({ ...of, source: "computed" }, all - cached);
        metrics.promptTokens.inc({ ...of, source: "cache" }, cached);
      }
      finish(answer.status);
    };
    if (answer.body instanceof Readable) answer.body.once("close", finishAnswer);
    else finishAnswer();
    shadow?.mirror(call, by, answer);
    return { answer, id, by };
  } catch (error) {
    const { status } = apiError(error);
    if (status !== 499) finish(status);
    else {
      work?.end({ "http.response.status_code": status }, true);
      metrics.refused.inc({ reason: "client left" });
    }
    throw error;
  }
}

/** Counts an answer, and observes it where a rollout routed the call. */
function finished(id: string, path: ApiPath, by: Route, status: number, seconds: number, services: CallServices): void {
  const { metrics, observations, router, log } = services;
  const labels = ServerMetrics.labels(by.name, by.version, by.rollout?.arm);
  metrics.requests.inc({ ...labels, path, status: `${status}` });
  metrics.duration.observe(labels, seconds);
  const policy = router.rollout(by.name)?.policy;
  if (by.rollout === undefined || policy === undefined || (status >= 400 && status < 500)) return;
  const { salt, arm } = by.rollout;
  const values = { seconds, failed: status >= 500 ? 1 : 0 };
  for (const metric of ownMetrics) {
    if (!Object.hasOwn(policy.metrics, metric)) continue;
    const [least, greatest] = policy.metrics[metric]!.range;
    const value = Math.min(greatest, Math.max(least, values[metric]));
    observations
      .add(by.name, { of: salt, observation: { arm, metric, value, request: id } })
      .catch((error: Error) => log(`an observation of ${by.name} was not written: ${error.message}`));
  }
}

/** What an error is to a client. Of what is no matter of the client's it says no more than that. */
export function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof BenchError && error.code === "DATA_INVALID") return new ApiError(400, error.message);
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new ApiError(statusCode, message ?? "");
  return new ApiError(500, "the model failed to answer", { code: "model_failed" });
}

function withinPatience<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

const timeout = (seconds: number): ApiError => new ApiError(504, `no answer within ${seconds} s`, { code: "timeout" });

/** A body as an object. Throws ApiError 400 for any other. */
export function objectOf(body: unknown): Record<string, unknown> {
  if (body instanceof Object && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new ApiError(400, "the body is no object of JSON");
}

/** What keeps its version while a candidate's share grows: the user where the client names one, else the call. */
function bucketOf(body: Readonly<Record<string, unknown>>, { headers, id }: FastifyRequest): string {
  const named = [body.safety_identifier, body.user, headers["x-request-id"]].find((each) => typeof each === "string");
  const bucket = (named as string | undefined) ?? id;
  return bucket.length <= 200 ? bucket : createHash("sha256").update(bucket).digest("hex");
}
