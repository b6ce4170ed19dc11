import type { Method } from "../method.js";
import { lora } from "./lora.js";

/** Methods that give tasks parameters of their own, or few of them. */
export const isolation: Method[] = [lora];
