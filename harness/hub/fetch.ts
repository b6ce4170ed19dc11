import { setTimeout as wait } from "node:timers/promises";
import { AnswerLimitError, type AnswerLimits, boundedFetch, retryAfterSeconds } from "../http/bounded-fetch.js";
import type { HubAccess } from "./access.js";

const retries = 4;
const longestWaitSeconds = 60;
/** Of all waits for one request together. */
const longestWaitsSeconds = 180;

/** What a conversation with the Hub may take. */
export interface HubLimits extends AnswerLimits {
  /** Requests in all: a listing whose pages never end is one of too many. */
  requests: number;
}

/** For lists and what is said of a repository. */
export const apiLimits: HubLimits = {
  bytes: 64 * 1024 * 1024,
  ...{ firstByteSeconds: 60, silenceSeconds: 60, wholeSeconds: 300 },
  requests: 200,
};

/** For a file of that many bytes: it comes in one piece or in many, at 20 kB a second at the least. */
export const downloadLimits = (size: number): HubLimits => ({
  ...apiLimits,
  bytes: size + 1024 * 1024,
  wholeSeconds: 600 + size / 20_000,
  requests: 200 + size / 100_000,
});

/** For commits, which are answered when all of them has been sent. */
export const uploadLimits: HubLimits = { ...apiLimits, firstByteSeconds: 3600, wholeSeconds: 3600 };

/**
 * A `fetch` for the Hub's library: under limits; the access token goes to the Hub's own origin alone, whatever address an
 * answer names; reading is tried again where the Hub says that it is busy (429, 503), as it asks for, up to a minute each
 * and three in all.
 */
export function hubFetch({ hubUrl, accessToken }: HubAccess, limits: HubLimits): typeof fetch {
  let requests = 0;
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init.headers);
    const isOwn = url.origin === new URL(hubUrl).origin;
    if (!isOwn && accessToken !== undefined && headers.get("authorization")?.includes(accessToken)) {
      headers.delete("authorization");
    }
    let waited = 0;
    for (let attempt = 1; ; attempt++) {
      if (++requests > limits.requests) throw new AnswerLimitError(`more than ${limits.requests} answers`, false);
      const answer = await boundedFetch(url, { ...init, headers }, limits);
      const isRead = (init.method ?? "GET") === "GET";
      const seconds = isRead ? secondsToWait(answer, attempt, waited) : undefined;
      if (seconds === undefined) {
        if (isRead && answer.ok && answer.body === null) {
          // The library's stream of a download waits for the end of a body, and there is none that could end.
          throw new Error(`${url.pathname} was answered ${answer.status}, without content`);
        }
        return answer;
      }
      waited += seconds;
      await answer.body?.cancel();
      await wait(1000 * seconds);
    }
  };
}

/**
 * Seconds to the next attempt after a busy answer; undefined where there is none.
 *
 * @param attempt of the answer, from 1.
 * @param waited seconds before it.
 */
export function secondsToWait(
  { status, headers }: Pick<Response, "status" | "headers">,
  attempt: number,
  waited: number,
): number | undefined {
  if ((status !== 429 && status !== 503) || attempt > retries) return undefined;
  const asked = retryAfterSeconds(headers.get("retry-after")) ?? 2 ** (attempt - 1);
  const seconds = Math.min(asked, longestWaitSeconds);
  return waited + seconds > longestWaitsSeconds ? undefined : seconds;
}
