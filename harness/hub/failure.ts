import { HubApiError } from "@huggingface/hub";
import { BenchError } from "../contract/errors.js";
import { hubAccess } from "./access.js";
import type { HubReference } from "./reference.js";

/** Whether the Hub could not be reached at all, as opposed to having answered with an error. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.message === "fetch failed";
}

/** Asks the Hub for something. What it throws is by `hubFailure`, with the original as its cause. */
export async function askHub<Value>(reference: HubReference, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw hubFailure(reference, hubAccess().hubUrl, error);
  }
}

/** Says what went wrong between us and the Hub, and what to do. Errors of the disk stay errors of the disk. */
export function hubFailure(reference: HubReference, endpoint: string, error: unknown): BenchError {
  if (error instanceof BenchError) return error;
  const fail = (message: string, fix: string) =>
    new BenchError("HUB_UNAVAILABLE", `${reference.text}: ${message}`, { fix, cause: error });
  if (error instanceof HubApiError) {
    const status = error.statusCode;
    if (status === 401 || status === 403) {
      return fail(
        `${endpoint} refuses access (${status})`,
        "Set HF_TOKEN to a token that may read it (and accept its terms on its page if it is gated), or check the name.",
      );
    }
    if (status === 404) {
      const what = /invalid rev/i.test(error.message) ? `has no revision "${reference.revision}"` : "does not exist";
      return fail(`it ${what} on ${endpoint}`, "Check owner, name and revision; a private repository needs HF_TOKEN.");
    }
    return fail(`${endpoint} answered ${status}`, "Try again later: files that are complete are kept.");
  }
  if (isUnreachable(error)) {
    const { cause } = error as Error;
    return fail(
      `${endpoint} cannot be reached (${cause instanceof Error ? cause.message || cause.name : "no connection"})`,
      "Check the connection and HF_ENDPOINT, or give a local directory.",
    );
  }
  if ((error as NodeJS.ErrnoException).path !== undefined) {
    return new BenchError("STORAGE", `the cache of the Hub cannot be used: ${(error as Error).message}`, {
      fix: "Check the free space and the permissions of that path, or set HF_HOME to another.",
      cause: error,
    });
  }
  // What breaks off a download arrives as a mere text, by the library.
  return fail(error instanceof Error ? error.message : String(error), "Try again: files that are complete are kept.");
}
