import type { FastifyRequest } from "fastify";
import { ApiError } from "./api.js";
import { type CallServices, objectOf, ownMetrics } from "./calls.js";

/** What became of feedback. */
export interface FeedbackAnswer {
  recorded: boolean;
  /** Why it was not. */
  reason?: string;
}

/**
 * Takes a score for an answered request: `{"id": "…", "metric": "resolved", "value": 1}`; true and false are 1 and 0. It
 * is on the disk before this resolves. Of a request each metric counts once.
 *
 * @throws ApiError 400 for what is no feedback, 404 for an id that this registry's servers did not issue.
 */
export async function takeFeedback(request: FastifyRequest, services: CallServices): Promise<FeedbackAnswer> {
  const { id, metric, value: given } = objectOf(request.body);
  const value = typeof given === "boolean" ? Number(given) : given;
  if (typeof id !== "string" || id.length > 300) throw new ApiError(400, `"id" is no id of an answer`, { param: "id" });
  if (typeof metric !== "string") throw new ApiError(400, `"metric" is no name of a metric`, { param: "metric" });
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ApiError(400, `"value" is neither a number nor true or false`, { param: "value" });
  }
  const answerer = services.receipts.read(id);
  if (answerer === undefined) {
    throw new ApiError(404, "no answer has this id; send what the header x-request-id of the answer says", {
      param: "id",
    });
  }
  const { name, rollout: routed } = answerer;
  const count = (outcome: string) =>
    services.metrics.feedback.inc({ model: name, metric: known ? metric : "other", outcome });
  const rollout = services.router.rollout(name);
  const known = rollout !== undefined && Object.hasOwn(rollout.policy.metrics, metric);
  const not = (reason: string): FeedbackAnswer => {
    count("not recorded");
    return { recorded: false, reason };
  };
  if (routed === undefined) return not("no rollout chose the version that answered");
  if (rollout === undefined || rollout.salt !== routed.salt) return not("the rollout that chose the version is over");
  const metrics = Object.keys(rollout.policy.metrics).filter(
    (each) => !(ownMetrics as readonly string[]).includes(each),
  );
  if (!metrics.includes(metric))
    throw new ApiError(400, `the policy asks for: ${metrics.join(", ")}`, { param: "metric" });
  const [least, greatest] = rollout.policy.metrics[metric]!.range;
  if (value < least || value > greatest) {
    throw new ApiError(400, `"value" is not from ${least} to ${greatest}`, { param: "value" });
  }
  const observation = { arm: routed.arm, metric, value, request: id };
  const added = await services.observations.add(name, { of: routed.salt, observation });
  if (!added) return not("it was recorded before, or the rollout is over");
  count("recorded");
  return { recorded: true };
}
