import type { Method } from "../method.js";
import { ewc } from "./ewc.js";
import { l2 } from "./l2.js";
import { lwf } from "./lwf.js";
import { mas } from "./mas.js";

/** Methods that hold parameters or outputs near what they were. */
export const regularisation: Method[] = [ewc, l2, mas, lwf];
