import { BenchError, toBenchError } from "../../contract/errors.js";

/**
 * Calls into a plug-in. What it throws, if not one of our errors, becomes PLUGIN_FAILED with the name of the call, or
 * STORAGE where the plug-in was asked to write into the run directory and could not.
 */
export async function callPlugin<T>(call: string, work: () => T | Promise<T>, writes = false): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof BenchError) throw thrown;
    const error = toBenchError(thrown, "PLUGIN_FAILED");
    const wrapped = new BenchError(writes ? error.code : "PLUGIN_FAILED", `${call} failed: ${error.message}`, {
      fix: writes ? error.fix : undefined,
      cause: thrown,
    });
    if (error.stack !== undefined) wrapped.stack = error.stack;
    throw wrapped;
  }
}

/** Whether what a plug-in returned counts something: a whole number from 0. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What a plug-in returned is not what the contract says. */
export function invalidOutput(problem: string, fix: string): BenchError {
  return new BenchError("PLUGIN_FAILED", problem, { fix });
}
