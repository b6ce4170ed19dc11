import type { Kind } from "../kind.js";
import { configurations, data, matrices, models } from "./inputs.js";
import { kills } from "./kills.js";
import { pluginOutputs, pluginProcess } from "./plugins.js";
import { records } from "./records.js";
import { changedRun, forgedRun } from "./run.js";
import { endpoints, hubs } from "./servers.js";

export const kinds: readonly Kind[] = [
  ...[changedRun, forgedRun, records, configurations, matrices, data, models],
  ...[pluginOutputs, pluginProcess, endpoints, hubs, kills],
];
