import type { Plugin } from "../harness/contract/plugin.js";
import { processes } from "./processes.js";

/** What this room brings: engines that carry out cells in other processes and on other machines. */
export const plugin: Plugin = { launchers: [processes] };
