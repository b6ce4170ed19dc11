import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { toBenchError } from "../../../harness/contract/errors.js";
import type { RandomStream } from "../../../harness/contract/random.js";

/** How a try ended. The first three are as it should be. */
export type Ending = "refused" | "unchanged" | "accepted" | "internal" | "undetected" | "hang" | "died";

export interface Outcome {
  ending: Ending;
  /** What was tried and what came of it, where that is not as it should be. */
  detail?: string;
  /** Of a refusal. */
  message?: string;
}

/** What is always refused tests nothing: the input as it is before it is changed has to pass. */
export function requirePass(outcome: Outcome): void {
  if (outcome.ending === "accepted" || outcome.ending === "unchanged") return;
  throw new Error(`the unchanged input is ${outcome.ending}: ${outcome.message ?? outcome.detail}`);
}

/** What is attacked. */
export interface Kind {
  name: string;
  /** Part of the tries, relative to the others. */
  share: number;
  /** Prepares what all its tries share; called once in a process, in an empty directory. */
  open(place: string): Promise<Attack>;
}

/** One try; it leaves what the next ones start from as it was. */
export type Attack = (draw: RandomStream) => Promise<Outcome>;

/** Does work that changes a file, or puts something else in its place, and gives the file back its content. */
export async function restoring<T>(file: string, work: (bytes: Buffer) => Promise<T>): Promise<T> {
  const bytes = readFileSync(file);
  try {
    return await work(bytes);
  } finally {
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, bytes);
  }
}

/**
 * Does what is attacked and says how it ended: refused by a coded error, or accepted. With `original`, what it makes of
 * the untouched input: another result without an error is a change that nobody noticed.
 */
export async function outcomeOf(what: string, work: () => unknown, original?: string): Promise<Outcome> {
  try {
    const result = await work();
    if (original === undefined) return { ending: "accepted" };
    if (result === original) return { ending: "unchanged" };
    return { ending: "undetected", detail: `${what}\nexpected ${original}\nfound ${String(result)}`.slice(0, 20_000) };
  } catch (thrown) {
    const error = toBenchError(thrown);
    if (error.code !== "INTERNAL")
      return { ending: "refused", message: `${error.code} ${error.message}`.slice(0, 200) };
    return { ending: "internal", detail: `${what}\n${error.stack ?? error.message}`.slice(0, 20_000) };
  }
}
