import { setTimeout as pause } from "node:timers/promises";
import { BenchError } from "../../contract/errors.js";
import type { ObjectStore } from "./object-store.js";

/** How long a store may refuse before that is an error, and the pauses between two attempts. */
const patience = { seconds: 600, firstPause: 0.2, longestPause: 5 };

/**
 * A store whose every operation is tried again, with longer and longer pauses, as long as it fails: an interruption of the
 * network or a full disk need not end a run.
 *
 * @param notice is called once for each interruption.
 * @param seconds until an operation throws STORAGE.
 */
export function patientStore(
  store: ObjectStore,
  notice: (text: string) => void,
  seconds: number = patience.seconds,
): ObjectStore {
  let failing = false;
  const patiently = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    for (let wait = patience.firstPause; ; wait = Math.min(2 * wait, patience.longestPause)) {
      try {
        const result = await work();
        failing = false;
        return result;
      } catch (error) {
        const message = `the store ${store.address} cannot ${what}: ${(error as Error).message}`;
        if ((performance.now() - started) / 1000 > seconds) {
          const fix = `It was tried for ${seconds} seconds. Check the store, then run the same command again: what is finished is kept.`;
          throw new BenchError("STORAGE", message, { fix, cause: error });
        }
        if (!failing) notice(`${message}; trying again`);
        failing = true;
        await pause(1000 * wait);
      }
    }
  };
  return {
    address: store.address,
    create: () => patiently("be made", () => store.create()),
    read: (key) => patiently(`read ${key}`, () => store.read(key)),
    write: (key, content) => patiently(`write ${key}`, () => store.write(key, content)),
    upload: (key, file) => patiently(`write ${key}`, () => store.upload(key, file)),
    download: (key, file) => patiently(`read ${key}`, () => store.download(key, file)),
    has: (key) => patiently(`read ${key}`, () => store.has(key)),
    list: (prefix, wanted) => patiently(`list ${prefix}`, () => store.list(prefix, wanted)),
    remove: (prefix) => patiently(`remove ${prefix}`, () => store.remove(prefix)),
  };
}
