import type { Method } from "../method.js";
import { adalora } from "./adalora.js";
import { l2p } from "./l2p.js";
import { lora } from "./lora.js";
import { loraPerTask } from "./lora-per-task.js";
import { nLora } from "./n-lora.js";
import { oLora } from "./o-lora.js";
import { progressivePrompts } from "./progressive-prompts.js";

/** Methods that give tasks parameters of their own, or few of them. */
export const isolation: Method[] = [lora, oLora, nLora, adalora, loraPerTask, progressivePrompts, l2p];
