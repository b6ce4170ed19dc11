import type { Method } from "../method.js";

/** Methods that constrain the gradient by what earlier tasks need. */
export const constraints: Method[] = [];
