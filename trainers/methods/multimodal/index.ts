import type { Method } from "../method.js";
import { multimodal } from "./multimodal.js";
import { softTargets } from "./soft-targets.js";

/** Methods that protect the language of a model that learns to see. */
export const multimodality: Method[] = [multimodal, softTargets];
