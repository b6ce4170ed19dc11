import { setTimeout as delay } from "node:timers/promises";
import { type CommitOperation, commit, HubApiError } from "@huggingface/hub";
import { BenchError } from "../contract/errors.js";
import { type HubAccess, hubAccess } from "./access.js";
import { askHub } from "./failure.js";
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

/** A commit on a branch; upon `parent` alone where one is given. Throws HUB_UNAVAILABLE. */
export async function commitTo(
  repository: HubReference,
  branch: string,
  { title, operations, parent }: { title: string; operations: CommitOperation[]; parent?: string },
): Promise<{ oid: string; url: string }> {
  const access = writingAccess();
  const { type, name } = repository;
  const request = { repo: { type, name }, branch, title, operations, ...access };
  const output = await askHub(repository, () =>
    commit({
      ...request,
      fetch: hubFetch(access, uploadLimits),
      ...(parent !== undefined && { parentCommit: parent }),
    }),
  );
  return output!.commit;
}

/**
 * Does work that ends in a commit upon the latest state; anew where somebody else committed meanwhile.
 *
 * @throws what the work throws; HUB_UNAVAILABLE where others commit all the time.
 */
export async function uponLatest<Value>(remote: HubReference, work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error)) throw error;
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
function isConflict(error: unknown): boolean {
  const answer = error instanceof BenchError ? error.cause : undefined; // by `askHub`
  return answer instanceof HubApiError && (answer.statusCode === 409 || answer.statusCode === 412);
}
