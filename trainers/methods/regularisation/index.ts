import type { Method } from "../method.js";
import { ewc } from "./ewc.js";

/** Methods that hold parameters or outputs near what they were. */
export const regularisation: Method[] = [ewc];
