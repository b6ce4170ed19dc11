import type { Method } from "../method.js";

/** Methods that average weights. */
export const averaging: Method[] = [];
