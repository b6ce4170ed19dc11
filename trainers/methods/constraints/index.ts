import type { Method } from "../method.js";
import { aGem } from "./a-gem.js";
import { gem } from "./gem.js";
import { ogd } from "./ogd.js";
import { osf } from "./osf.js";

/** Methods that constrain the gradient by what earlier tasks need. */
export const constraints: Method[] = [gem, aGem, ogd, osf];
