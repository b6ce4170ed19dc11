import type { Method } from "../method.js";
import { der } from "./der.js";
import { lamol } from "./lamol.js";
import { replay } from "./replay.js";
import { seekr } from "./seekr.js";
import { ssr } from "./ssr.js";

/** Methods that train on past data: stored, regenerated or synthesized. */
export const rehearsal: Method[] = [replay, der, seekr, lamol, ssr];
