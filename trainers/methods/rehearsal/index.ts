import type { Method } from "../method.js";
import { replay } from "./replay.js";

/** Methods that train on the past again: stored, drawn anew or synthesised. */
export const rehearsal: Method[] = [replay];
