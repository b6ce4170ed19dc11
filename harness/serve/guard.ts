import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "./api.js";

/** Whether an address, or the host that a request names, is reached from this machine alone. */
export const isLoopback = (host: string): boolean => ["127.0.0.1", "::1", "[::1]", "localhost"].includes(host);

const digest = (key: string): Buffer => createHash("sha256").update(key).digest();

/** Lets in whoever has a key. */
export class KeyGuard {
  readonly #digests: Buffer[];

  /** @param keys that are accepted; without any, everybody is let in. */
  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  /** Whether there are keys. */
  get isSet(): boolean {
    return this.#digests.length > 0;
  }

  /** Throws ApiError 401 unless the header has a key. The time that it takes says nothing about the keys. */
  check(authorization: string | undefined): void {
    if (!this.isSet) return;
    const given = digest(/^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "");
    const known = this.#digests.map((each) => timingSafeEqual(each, given));
    if (known.includes(true)) return;
    throw new ApiError(401, "the key is missing or wrong; send it as Authorization: Bearer …", {
      code: "invalid_api_key",
    });
  }
}

/** Lets in no more calls at a time than can be waited for. */
export class LoadGuard {
  #pending = 0;
  /** Of the answers of late, weighted towards the newest, in seconds. */
  #mean = 1;

  constructor(private readonly most: number) {}

  get pending(): number {
    return this.#pending;
  }

  /**
   * Takes a place.
   *
   * @returns gives it back.
   * @throws ApiError 429 with the time after which there will be places again.
   */
  enter(): () => void {
    if (this.#pending >= this.most) {
      throw new ApiError(429, `${this.#pending} calls wait already`, {
        ...{ type: "rate_limit_error", code: "overloaded" },
        retryAfter: Math.max(1, Math.ceil(this.#mean)),
      });
    }
    this.#pending += 1;
    const began = performance.now();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#pending -= 1;
      this.#mean += 0.1 * ((performance.now() - began) / 1000 - this.#mean);
    };
  }
}
