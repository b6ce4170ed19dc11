import { setTimeout as delay } from "node:timers/promises";
import { type CommitOperation, commit, HubApiError } from "@huggingface/hub";
import { BenchError } from "../contract/errors.js";
import { type HubAccess, hubAccess } from "./access.js";
import { hubFailure } from "./failure.js";
import { hubFetch, uploadLimits } from "./fetch.js";
import type { HubReference } from "./reference.js";

const attempts = 5;

/** As `hubAccess`. Throws USAGE where there is no token. */
export function writingAccess(): HubAccess & Required<Pick<HubAccess, "accessToken">> {
  const { accessToken, hubUrl } = hubAccess();
  if (accessToken !== undefined) return { hubUrl, accessToken };
  throw new BenchError("USAGE", "writing to the Hub needs a token", {
    fix: "Set HF_TOKEN to a token that may write to the repository.",
  });
}

/** A commit on a branch; upon `parent` alone where one is given. Rejects as the Hub's library does. */
export async function commitTo(
  { type, name }: HubReference,
  branch: string,
  { title, operations, parent }: { title: string; operations: CommitOperation[]; parent?: string },
): Promise<{ oid: string; url: string }> {
  const access = writingAccess();
  const request = { repo: { type, name }, branch, title, operations, ...access };
  const output = await commit({
    ...request,
    fetch: hubFetch(access, uploadLimits),
    ...(parent !== undefined && { parentCommit: parent }),
  });
  return output!.commit;
}

/**
 * Does work that ends in a commit upon the latest state; anew where somebody else committed meanwhile.
 *
 * @throws HUB_UNAVAILABLE for all that goes wrong with the Hub.
 */
export async function uponLatest<Value>(remote: HubReference, work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw hubFailure(remote, hubAccess().hubUrl, error);
      if (attempt === attempts) {
        throw new BenchError("HUB_UNAVAILABLE", `${remote.text}: others committed ${attempts} times meanwhile`, {
          fix: "Try again later.",
          cause: error,
        });
      }
      await delay(200 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

/** Whether a commit was refused because its parent is not the latest any more. */
const isConflict = (error: unknown): boolean =>
  error instanceof HubApiError && (error.statusCode === 409 || error.statusCode === 412);
