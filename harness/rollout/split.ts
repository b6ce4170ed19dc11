import { createHash } from "node:crypto";
import type { Arm } from "../contract/rollout.js";

/**
 * Which version answers a request: by a hash of its id, so that whoever has the candidate at 5% of the traffic has it at
 * 10% too.
 *
 * @param percent of the requests that the candidate answers.
 */
export function armOf(request: string, salt: string, percent: number): Arm {
  const hash = createHash("sha256").update(`${salt}\0${request}`).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48 < percent / 100 ? "candidate" : "champion";
}
