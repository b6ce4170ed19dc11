import type { Method } from "../method.js";
import { l2p } from "./l2p.js";
import { lora } from "./lora.js";
import { progressivePrompts } from "./progressive-prompts.js";

/** Methods that give tasks parameters of their own, or few of them. */
export const isolation: Method[] = [lora, progressivePrompts, l2p];
