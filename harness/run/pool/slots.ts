import type { Carrier } from "../carry/carrier.js";
import type { WorkerMessage, WorkerSetup } from "./messages.js";
import { openPool } from "./pool.js";

/**
 * Threads as of `openPool`, divided between the slots of a run: a thread keeps to one.
 *
 * @param slots what models are opened on.
 */
export function openPools(
  setup: Omit<WorkerSetup, "cancelled" | "device">,
  workers: number,
  slots: readonly string[],
  onMessage: (message: Exclude<WorkerMessage, { type: "ended" }>) => void,
): Carrier {
  const each = Math.ceil(workers / slots.length);
  const pools = slots.slice(0, workers).map((device) => {
    return { pool: openPool({ ...setup, device }, each, onMessage), running: 0 };
  });
  return {
    async run(task) {
      const slot = pools.reduce((free, other) => (other.running < free.running ? other : free));
      slot.running += 1;
      try {
        return await slot.pool.run(task);
      } finally {
        slot.running -= 1;
      }
    },
    cancel: () => pools.forEach(({ pool }) => void pool.cancel()),
    close: async (finished) => void (await Promise.all(pools.map(({ pool }) => pool.close(finished)))),
  };
}
