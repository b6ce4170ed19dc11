import { createContext, Script } from "node:vm";

const script = new Script("work()");
const context = createContext({ work: undefined });

/** A call took longer than it was allowed to. */
export class CallTimeout extends Error {}

/**
 * The result of a synchronous call that is broken off after a time, also within a regular expression. For code that
 * does as foreign data says, such as a tokenizer's patterns: it may leave the objects that it changes half-changed.
 *
 * @throws CallTimeout; what the call throws.
 */
export function boundedCall<T>(milliseconds: number, work: () => T): T {
  context.work = work;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new CallTimeout(`it took more than ${milliseconds / 1000} s`);
  } finally {
    context.work = undefined;
  }
}
