import { readFileSync } from "node:fs";

/** How often the memory is looked at, in milliseconds. */
const interval = 250;

/**
 * The most memory that this process had of its own while it was watched. Mapped files are left out: they are in the
 * operating system's memory, once for all who map them, and the resident size counts them for each. Where that cannot be
 * told, as on macOS, it is the peak of the resident size.
 */
export class PeakMemory {
  #most = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.bytes, interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get bytes(): number {
    this.#most = Math.max(this.#most, ownMemory() ?? process.resourceUsage().maxRSS * 1024);
    return this.#most;
  }
}

/** Bytes of anonymous memory; undefined where the system does not say. */
export function ownMemory(): number | undefined {
  try {
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))!;
    return 1024 * Number(kilobytes);
  } catch {
    return undefined;
  }
}
