import { setTimeout } from "node:timers/promises";
import { BenchError } from "../contract/errors.js";
import { lockRun } from "../run/store/lock.js";

/** How long a writer waits for another one, in milliseconds. */
const patience = 30_000;

/**
 * Takes a directory for this process, after whoever has it now.
 *
 * @returns what gives it back.
 * @throws RUN_LOCKED where another process keeps it for longer than half a minute.
 */
export async function lockPatiently(directory: string): Promise<() => void> {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return lockRun(directory);
    } catch (error) {
      const locked = error instanceof BenchError && error.code === "RUN_LOCKED";
      if (!locked || performance.now() > end) throw error;
      await setTimeout(20 + Math.random() * 30);
    }
  }
}
