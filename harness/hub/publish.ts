import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { commit, HubApiError } from "@huggingface/hub";
import { BenchError } from "../contract/errors.js";
import { resolveReference } from "../hub.js";
import { hubAccess } from "./access.js";
import { hubFailure } from "./failure.js";
import { hubFetch, uploadLimits } from "./fetch.js";
import { parseHubReference } from "./reference.js";

/** The contents of a commit. */
export interface Publication {
  /** Directory that the paths in the repository start from. */
  root: string;
  /** Paths of files below it. */
  files: readonly string[];
  title: string;
}

const attempts = 5;

/**
 * Commits files to a data set or a Space on the Hub under an optimistic lock: the commit is accepted only upon the state that the
 * publication was made from. If someone else commits meanwhile, the publication is made anew from theirs.
 *
 * @param reference hf://datasets/owner/name[@branch] or hf://spaces/owner/name[@branch]
 * @param prepare makes the files from what is there, given as a directory that may not exist.
 * @returns the address of the commit.
 * @throws HUB_UNAVAILABLE for all that goes wrong with the Hub, USAGE for a malformed reference.
 */
export async function publishFiles(
  reference: string,
  prepare: (there: string) => Promise<Publication>,
): Promise<string> {
  const remote = parseHubReference(reference, "board");
  if (remote === undefined) {
    throw new BenchError("USAGE", `"${reference}" is no reference to the Hub`, {
      fix: "Write hf://datasets/owner/name or hf://spaces/owner/name.",
    });
  }
  const access = hubAccess();
  if (access.accessToken === undefined) {
    throw new BenchError("USAGE", "publishing needs a token", {
      fix: "Set HF_TOKEN to a token that may write to the repository.",
    });
  }
  for (let attempt = 1; ; attempt++) {
    const { directory, revision } = await resolveReference(reference, "board");
    const { root, files, title } = await prepare(directory);
    try {
      const output = await commit({
        ...access,
        fetch: hubFetch(access, uploadLimits),
        repo: { type: remote.type, name: remote.name },
        branch: remote.revision,
        parentCommit: revision!,
        title,
        operations: files.map((path) => ({
          operation: "addOrUpdate",
          path: relative(root, path).split(sep).join("/"),
          content: new Blob([readFileSync(path)]),
        })),
      });
      return output!.commit.url;
    } catch (error) {
      if (!isConflict(error)) throw hubFailure(remote, access.hubUrl, error);
      if (attempt === attempts) {
        throw new BenchError("HUB_UNAVAILABLE", `${reference}: others committed ${attempts} times meanwhile`, {
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
  return error instanceof HubApiError && (error.statusCode === 409 || error.statusCode === 412);
}
