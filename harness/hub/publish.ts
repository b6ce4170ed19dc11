import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { BenchError } from "../contract/errors.js";
import { resolveReference } from "../hub.js";
import { commitTo, uponLatest, writingAccess } from "./commit.js";
import { parseHubReference } from "./reference.js";

/** The contents of a commit. */
export interface Publication {
  /** Directory that the paths in the repository start from. */
  root: string;
  /** Paths of files below it. */
  files: readonly string[];
  title: string;
}

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
  writingAccess();
  return uponLatest(remote, async () => {
    const { directory, revision } = await resolveReference(reference, "board");
    const { root, files, title } = await prepare(directory);
    const operations = files.map((path) => ({
      operation: "addOrUpdate" as const,
      path: relative(root, path).split(sep).join("/"),
      content: new Blob([readFileSync(path)]),
    }));
    return (await commitTo(remote, remote.revision, { title, operations, parent: revision! })).url;
  });
}
