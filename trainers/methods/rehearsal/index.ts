import type { Method } from "../method.js";
import { replay } from "./replay.js";
import { ssr } from "./ssr.js";

/** Methods that train on the past again: stored, drawn anew or synthesised. */
export const rehearsal: Method[] = [replay, ssr];
