import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "./harness/contract/files.js";

/** The rooms that this project brings along, as specifiers of plug-ins: the only place that knows them. */
export const rooms: readonly string[] = ["trainers", "suites", "reports", "launchers"].map(
  (room) => pathToFileURL(join(packageRoot, "dist", room, "index.js")).href,
);
