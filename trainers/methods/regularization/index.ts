import type { Method } from "../method.js";
import { ewc } from "./ewc.js";
import { freeze } from "./freeze.js";
import { kl } from "./kl.js";
import { l2 } from "./l2.js";
import { lwf } from "./lwf.js";
import { mas } from "./mas.js";
import { migu } from "./migu.js";
import { sdft } from "./sdft.js";
import { selfRewrite } from "./self-rewrite.js";
import { si } from "./si.js";

/** Methods that penalize changes of parameters or outputs. */
export const regularization: Method[] = [ewc, l2, si, mas, lwf, kl, sdft, selfRewrite, freeze, migu];
