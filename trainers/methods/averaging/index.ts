import type { Method } from "../method.js";
import { dare } from "./dare.js";
import { ema } from "./ema.js";
import { magmax } from "./magmax.js";
import { merge } from "./merge.js";
import { ties } from "./ties.js";
import { wiseFt } from "./wise-ft.js";

/** Methods that average weights. */
export const averaging: Method[] = [wiseFt, ema, merge, ties, dare, magmax];
