import type { FastifyInstance, FastifyRequest } from "fastify";
import { BenchError } from "../contract/errors.js";
import type { RolloutPhase } from "../contract/rollout.js";
import type { Decision } from "../rollout/decide.js";
import { isOver } from "../rollout/state.js";
import { ApiError } from "./api.js";
import { objectOf } from "./calls.js";
import type { KeyGuard } from "./guard.js";

/** What a server asks and does about rollouts. */
export interface RolloutControl {
  /** What evidence and policy say of the last rollout of a model. Throws UNKNOWN_NAME where there is none. */
  status(name: string): RolloutReading;
  /** Does it; undefined where the rollout is over, since other servers of the registry act too. */
  advance(name: string): Promise<Decision | undefined>;
  /**
   * Adds observations of requests that were routed elsewhere; on the disk before this resolves. Throws DATA_INVALID for
   * one that the policy does not know, USAGE where the rollout is over.
   */
  observe(name: string, observations: readonly unknown[]): Promise<void>;
  /** Ends a live rollout. Throws USAGE where it is over. */
  abort(name: string, reason: string): Promise<void>;
}

/** A rollout and what its evidence says, as JSON. */
export interface RolloutReading {
  percent: number;
  decision: Decision;
  phase: RolloutPhase;
  candidate: number;
  champion: number;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The key may be in `metadata.token` of the body: whoever calls cannot send headers. */
    takesTokenInBody?: boolean;
  }
}

/** What a deployer is to make of a rollout; the words of Argo Rollouts for measurements. */
type Result = "successful" | "failed" | "inconclusive";

/** Most observations of one call. */
const mostObservations = 10_000;

/**
 * The state of rollouts for people and for deployers that move the traffic themselves: Argo Rollouts' web provider reads
 * `result`; of Flagger's webhooks any status but 2xx means no.
 */
export function addRolloutRoutes(
  server: FastifyInstance,
  control: RolloutControl,
  names: readonly string[],
  { keys, operators }: Record<"keys" | "operators", KeyGuard>,
): void {
  /** Who asks models may not decide about them: where clients need a key, operators need one of theirs. */
  const requireOperator = (authorization: string | undefined): void => {
    if (keys.isSet && !operators.isSet) throw new ApiError(403, "this needs `bench serve --operator-keys`");
    operators.check(authorization);
  };
  const nameOf = (request: FastifyRequest): string => {
    const { name } = request.params as { name: string };
    if (names.includes(name)) return name;
    throw noRollout(name);
  };
  /** The log itself is read, since what routes calls may be a moment old. */
  const readingOf = (request: FastifyRequest) => {
    const name = nameOf(request);
    try {
      return { name, ...control.status(name) };
    } catch (error) {
      throw refusal(error, name);
    }
  };
  server.get("/v1/rollouts/:name", async (request) => readingOf(request));
  server.get("/v1/rollouts/:name/analysis", async (request) => {
    const { name, decision, phase, percent, candidate } = readingOf(request);
    const { action, reason, evidence } = decision;
    return { result: resultOf(phase, decision), name, candidate, phase, percent, action, reason, metrics: evidence };
  });
  server.post("/v1/rollouts/:name/observations", async (request) => {
    requireOperator(request.headers.authorization);
    const { observations } = objectOf(request.body);
    if (!Array.isArray(observations) || observations.length > mostObservations) {
      throw new ApiError(400, `"observations" is no list of up to ${mostObservations}`, { param: "observations" });
    }
    const name = nameOf(request);
    await control.observe(name, observations).catch((error) => {
      throw refusal(error, name);
    });
    return { recorded: observations.length };
  });

  const webhook = { config: { takesTokenInBody: true }, bodyLimit: 65_536 };
  const tokenOf = ({ headers, body }: FastifyRequest): string | undefined => {
    const { token } = Object((body as { metadata?: object } | null)?.metadata) as { token?: unknown };
    return headers.authorization ?? (typeof token === "string" ? `Bearer ${token}` : undefined);
  };
  const gate = (path: string, passes: (result: Result) => boolean): void => {
    server.post(`/v1/rollouts/:name/${path}`, webhook, async (request, reply) => {
      keys.check(tokenOf(request));
      const { phase, decision } = readingOf(request);
      const result = resultOf(phase, decision);
      return reply.code(passes(result) ? 200 : 412).send({ result, action: decision.action, reason: decision.reason });
    });
  };
  gate("gate", (result) => result !== "failed"); // rollout, confirm-traffic-increase
  gate("gate/promotion", (result) => result === "successful"); // confirm-promotion
  gate("gate/rollback", (result) => result === "failed"); // rollback: 200 means "go back"
  server.post("/v1/rollouts/:name/outcome", webhook, async (request) => {
    requireOperator(tokenOf(request));
    const { name, phase: before } = readingOf(request);
    const { phase, name: canary, namespace } = objectOf(request.body);
    if (phase === "Failed" && !isOver({ phase: before })) {
      const reason = `the deployer went back: ${String(namespace)}/${String(canary)}`.slice(0, 300);
      await control.abort(name, reason).catch((error) => {
        throw refusal(error, name);
      });
    }
    return { phase: control.status(name).phase };
  });
}

const noRollout = (name: string): ApiError =>
  new ApiError(404, `there is no rollout of ${JSON.stringify(name.slice(0, 100))}`);

/** What a caller hears of an error: that there is no rollout, or that it is over, is none of the server's. */
function refusal(error: unknown, name: string): unknown {
  if (!(error instanceof BenchError)) return error;
  if (error.code === "UNKNOWN_NAME") return noRollout(name);
  return error.code === "USAGE" ? new ApiError(409, error.message) : error;
}

function resultOf(phase: RolloutPhase, { action }: Decision): Result {
  if (action === "roll back" || phase === "rolled-back" || phase === "aborted") return "failed";
  return action === "promote" || phase === "promoting" || phase === "promoted" ? "successful" : "inconclusive";
}
