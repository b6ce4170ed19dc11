import { join } from "node:path";
import { writeFileAtomically } from "../harness/contract/files.js";
import type { Reporter } from "../harness/contract/plugin.js";
import { readReportData } from "./report-data.js";

/** The leaderboard as `leaderboard@1`. */
export const json: Reporter = {
  name: "json",
  summary: "The leaderboard with its intervals, ranks, privileges and costs as JSON.",
  async render(runDirectory, outputDirectory, context) {
    const path = join(outputDirectory, "leaderboard.json");
    writeFileAtomically(path, `${JSON.stringify(readReportData(runDirectory, context).leaderboard, null, 2)}\n`);
    return [path];
  },
};
