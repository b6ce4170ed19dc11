import type { Plugin } from "../harness/contract/plugin.js";
import { processes } from "./processes.js";
import { ray } from "./ray.js";
import { slurm } from "./slurm.js";

/** What this room brings: engines that carry out cells in other processes and on other machines. */
export const plugin: Plugin = { launchers: [processes, ray, slurm] };
