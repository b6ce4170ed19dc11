import { setTimeout as wait } from "node:timers/promises";
import { BenchError } from "../contract/errors.js";
import { AnswerLimitError, boundedFetch, retryAfterSeconds } from "./bounded-fetch.js";

export interface HttpRequest {
  method: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
}

export interface RetryPolicy {
  /** Of one attempt, from the connection to the last byte of the answer. */
  timeoutSeconds: number;
  /** Attempts after the first. */
  retries: number;
  /** Before the first retry; doubles with each, up to a minute. What the server asks for by Retry-After goes first. */
  waitSeconds: number;
}

/** What ended well, and after how many attempts. */
export interface HttpAnswer<T> {
  value: T;
  attempts: number;
}

const longestWaitSeconds = 60;
/** Of an answer: those of language models and lists of them are far smaller. */
const mostBytes = 16 * 1024 * 1024;
const longestSilenceSeconds = 60;

/**
 * Sends a request and reads its answer, again where that can help: after a broken connection, a time-out, an answer of
 * 408, 425, 429 or 5xx, and one that `read` refuses, such as JSON cut off in its middle. Follows no redirection. An
 * answer has at most 16 MiB, and never pauses for more than a minute.
 *
 * @param read makes a value of the answer's text; what it throws counts as a failed attempt.
 * @param unusable makes a value where the last attempt was answered but `read` threw; without it that is an error.
 * @throws ENDPOINT_FAILED with the reason of the last attempt and their number, and as its cause the status of a refusal; CANCELLED when `signal` aborts.
 */
export async function sendRequest<T>(
  url: string,
  request: HttpRequest,
  policy: RetryPolicy,
  read: (text: string) => T,
  signal?: AbortSignal,
  unusable?: (error: Error) => T,
): Promise<HttpAnswer<T>> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(url, request, policy.timeoutSeconds, read, signal);
    if ("value" in outcome) return { value: outcome.value, attempts: attempt };
    if (signal?.aborted) throw new BenchError("CANCELLED", "the request was cancelled");
    if (!outcome.again || attempt > policy.retries) {
      if (outcome.unreadable !== undefined && unusable !== undefined) {
        return { value: unusable(outcome.unreadable), attempts: attempt };
      }
      const times = attempt === 1 ? "" : ` (${attempt} attempts)`;
      throw new BenchError("ENDPOINT_FAILED", `${hostOf(url)}: ${outcome.reason}${times}`, {
        fix: outcome.fix,
        cause: outcome.status === undefined ? undefined : { status: outcome.status },
      });
    }
    const backOff = policy.waitSeconds * 2 ** (attempt - 1);
    const seconds = Math.min(outcome.retryAfter ?? backOff, longestWaitSeconds);
    await wait(1000 * seconds, undefined, { signal }).catch(() => undefined);
  }
}

type Outcome<T> =
  | { value: T }
  | {
      reason: string;
      fix: string;
      /** Whether another attempt can help. */
      again: boolean;
      retryAfter?: number;
      /** Of an answer that is an error. */
      status?: number;
      /** Why a whole answer could not be read. */
      unreadable?: Error;
    };

async function attemptOnce<T>(
  url: string,
  request: HttpRequest,
  timeoutSeconds: number,
  read: (text: string) => T,
  signal: AbortSignal | undefined,
): Promise<Outcome<T>> {
  let text: string;
  try {
    const { address, headers } = apart(url);
    const init = { ...request, headers: { ...headers, ...request.headers }, redirect: "manual", signal } as const;
    const response = await boundedFetch(address, init, {
      bytes: mostBytes,
      firstByteSeconds: timeoutSeconds,
      silenceSeconds: Math.min(timeoutSeconds, longestSilenceSeconds),
      wholeSeconds: timeoutSeconds,
    });
    text = await response.text();
    if (!response.ok) return refusal(response, text);
  } catch (error) {
    const isLimit = error instanceof AnswerLimitError;
    const reason = isLimit ? error.message : connectionProblem(error);
    const again = isLimit ? error.again : true;
    return { reason, fix: "Check that the server runs, its address, and the time-out.", again };
  }
  try {
    return { value: read(text) };
  } catch (error) {
    const reason = `the answer cannot be used: ${(error as Error).message}`;
    const fix = "Check what the server answers; bench follows the OpenAI API.";
    return { reason, fix, again: true, unreadable: error as Error };
  }
}

function refusal(response: Response, text: string): Outcome<never> {
  const { status, headers } = response;
  const excerpt = text.trim().slice(0, 200);
  return {
    status,
    reason: `it answered ${status}${excerpt === "" ? "" : `: ${excerpt}`}`,
    fix: status === 401 || status === 403 ? "Check the key." : "Check the address and what the server logged.",
    again: [408, 425, 429].includes(status) || status >= 500,
    retryAfter: retryAfterSeconds(headers.get("retry-after")),
  };
}

/** Why `fetch` rejects: what is behind its "fetch failed", if anything is. */
export function connectionProblem(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || cause.name : message;
}

/** An address and the user and password in it, which `fetch` takes in a header only (RFC 7617). */
function apart(url: string): { address: string; headers: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === "" && password === "") return { address: url, headers: {} };
  [address.username, address.password] = ["", ""];
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  return { address: address.href, headers: { authorization: `Basic ${credentials}` } };
}

/** The address without what may be secret in it: path, query and password. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : "the address");
