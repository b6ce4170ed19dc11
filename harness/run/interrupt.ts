import type { Display } from "./display/display.js";

/**
 * What Ctrl-C means while `work` runs: the first asks it to stop at its next step, the second restores the terminal and
 * kills the process immediately (the shell sees 137). Nothing that was journaled is lost either way.
 */
export async function withInterrupts<T>(display: Display, work: (cancellation: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      display.close();
      process.kill(process.pid, "SIGKILL"); // process.exit() would wait for native calls in workers, and abort.
    }
    controller.abort();
    display.show({ type: "notice", text: "stopping after the present step; press Ctrl-C again to stop immediately" });
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
