import { createContext, Script } from "node:vm";
import { threadSeconds } from "../../../harness/contract/thread-seconds.js";

const script = new Script("work()");
const context = createContext({ work: undefined });

/** A call took longer than it was allowed to. */
export class CallTimeout extends Error {}

/**
 * The result of a synchronous call that is broken off once it has computed for a time, also within a regular expression.
 * One that was broken off while the processor was with others begins again with twice the time, so it must be possible to
 * call it twice. For code that does as foreign data says, such as a tokenizer's patterns: it may leave the objects that it
 * changes half-changed.
 *
 * @param milliseconds of the processor.
 * @param clock milliseconds that this thread has computed.
 * @throws CallTimeout; what the call throws.
 */
export function boundedCall<T>(milliseconds: number, work: () => T, clock: () => number = computed): T {
  context.work = work;
  try {
    for (let timeout = milliseconds; ; timeout *= 2) {
      const started = clock();
      try {
        return script.runInContext(context, { timeout }) as T;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
        if (clock() - started < share * milliseconds) continue;
        throw new CallTimeout(`it computed for more than ${milliseconds / 1000} s`);
      }
    }
  } finally {
    context.work = undefined;
  }
}

/** Of the time, which a call must have computed to be broken off for good: clocks are coarse. */
const share = 0.9;

/** Milliseconds that this thread has computed; this process, where the system says no more. */
function computed(): number {
  const seconds = threadSeconds();
  if (seconds !== null) return 1000 * seconds;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
