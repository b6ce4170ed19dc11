import { join, relative, sep } from "node:path";
import { writeFileAtomically } from "../harness/contract/files.js";
import type { Reporter } from "../harness/contract/plugin.js";
import { readSamples } from "./read-samples.js";
import { readReportData } from "./report-data.js";
import { renderTemplate } from "./templates.js";
import { pageView } from "./view-models/page.js";

/** One self-contained page: no request leaves it, and it opens from a file. */
export const html: Reporter = {
  name: "html",
  summary: "One self-contained page: leaderboard, matrices, abilities, costs, samples.",
  async render(runDirectory, outputDirectory) {
    const data = readReportData(runDirectory);
    const base = relative(outputDirectory, runDirectory).split(sep).join("/");
    const view = pageView(data, readSamples(runDirectory, data), base === "" ? "" : `${base}/`);
    const path = join(outputDirectory, "index.html");
    writeFileAtomically(path, renderTemplate("page", view));
    return [path];
  },
};
