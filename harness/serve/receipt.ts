import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Arm } from "../contract/rollout.js";

/** Who answered a request. */
export interface Answerer {
  /** Name of the model. */
  name: string;
  version: number;
  /** Absent where no rollout chose the version. */
  rollout?: { salt: string; arm: Arm };
}

const armMarks = { candidate: "c", champion: "h" } as const;

/** Ids of answers that say, signed, who answered: feedback needs no memory of them, also after a restart. */
export class Receipts {
  /** @param key secret, the same for all servers of a registry. */
  constructor(private readonly key: Uint8Array) {}

  /** An id that nobody else makes: ASCII without spaces, under 300 characters. */
  issue({ name, version, rollout }: Answerer): string {
    const arm = rollout === undefined ? "n" : `${armMarks[rollout.arm]}${rollout.salt}`;
    const text = ["bench", name, version, arm, randomBytes(9).toString("base64url")].join("~");
    return `${text}~${this.#sign(text)}`;
  }

  /** Who answered; undefined where the id is not one that was issued with this key. */
  read(id: string): Answerer | undefined {
    const end = id.lastIndexOf("~");
    const [text, signature] = [id.slice(0, end), Buffer.from(id.slice(end + 1))];
    const expected = Buffer.from(this.#sign(text));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined;
    const [, name, version, arm] = text.split("~") as [string, string, string, string];
    const answerer: Answerer = { name, version: Number(version) };
    if (arm === "n") return answerer;
    return { ...answerer, rollout: { salt: arm.slice(1), arm: arm[0] === "c" ? "candidate" : "champion" } };
  }

  #sign(text: string): string {
    return createHmac("sha256", this.key).update(text).digest("base64url").slice(0, 22);
  }
}
