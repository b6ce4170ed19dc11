import type { Method } from "../method.js";
import { ema } from "./ema.js";
import { merge } from "./merge.js";
import { wiseFt } from "./wise-ft.js";

/** Methods that average weights. */
export const averaging: Method[] = [wiseFt, ema, merge];
