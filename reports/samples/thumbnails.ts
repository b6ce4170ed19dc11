import { BenchError } from "../../harness/contract/errors.js";
import type { ExampleRecord } from "../../harness/contract/result.js";
import { thumbnail } from "../../harness/images/thumbnail.js";
import { readPicture } from "../../harness/run/store/run-pictures.js";

/** Thumbnails of the images of questions, by their digests; without those that the run does not keep or that are damaged. */
export async function thumbnails(
  directory: string,
  examples: readonly ExampleRecord[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const digest of new Set(examples.flatMap(({ images = [] }) => images))) {
    const bytes = readPicture(directory, digest);
    if (bytes === undefined) continue;
    try {
      found[digest] = await thumbnail(bytes, digest);
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
    }
  }
  return found;
}
