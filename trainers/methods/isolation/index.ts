import type { Method } from "../method.js";
import { adalora } from "./adalora.js";
import { infLora } from "./inflora.js";
import { l2p } from "./l2p.js";
import { lora } from "./lora.js";
import { loraPerTask } from "./lora-per-task.js";
import { nLora } from "./n-lora.js";
import { oLora } from "./o-lora.js";
import { progressivePrompts } from "./progressive-prompts.js";
import { routedExperts } from "./routed-experts.js";
import { routedLora } from "./routed-lora.js";

/** Methods that give tasks parameters of their own, or few of them. */
export const isolation: Method[] = [
  lora,
  oLora,
  nLora,
  infLora,
  adalora,
  loraPerTask,
  routedLora,
  routedExperts,
  progressivePrompts,
  l2p,
];
