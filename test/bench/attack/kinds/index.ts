import type { Kind } from "../kind.js";
import { configurations, data, lmEvalTasks, matrices, models } from "./inputs.js";
import { kills } from "./kills.js";
import { engineProcess, pluginOutputs, pluginProcess } from "./plugins.js";
import { records } from "./records.js";
import { changedRun, forgedRun } from "./run.js";
import { endpoints, hubs } from "./servers.js";
import { calledServers, upstreams } from "./serving.js";
import { memoryIndexes, registries } from "./stored.js";

export const kinds: readonly Kind[] = [
  ...[changedRun, forgedRun, records, configurations, matrices, data, lmEvalTasks, models],
  ...[registries, memoryIndexes],
  ...[pluginOutputs, pluginProcess, engineProcess, endpoints, hubs, calledServers, upstreams, kills],
];
