import { join, relative, sep } from "node:path";
import { writeFileAtomically } from "../harness/contract/files.js";
import type { Reporter } from "../harness/contract/plugin.js";
import { readReportData } from "./report-data.js";
import { Shards, scriptLiteral } from "./shards.js";
import { templates } from "./templates.js";
import { boardView } from "./view-models/board.js";
import { courseView } from "./view-models/course.js";
import { curvesView } from "./view-models/curves.js";
import { entriesOf } from "./view-models/entries.js";
import { historyView } from "./view-models/history.js";
import { matricesView } from "./view-models/matrices.js";
import { pageView } from "./view-models/page.js";
import { writeSamples } from "./write-samples.js";

/** Characters of samples that may stand in the page. */
const room = 1_000_000;

/** One page that opens from a file and asks no network for anything; what is too much for it stands in parts beside it. */
export const html: Reporter = {
  name: "html",
  summary: "A page with leaderboard, matrices, abilities, costs and samples; large runs have parts beside it.",
  async render(runDirectory, outputDirectory) {
    const data = readReportData(runDirectory);
    const entries = entriesOf(data);
    const near = relative(outputDirectory, runDirectory).split(sep).join("/");
    const base = near === "" ? "" : `${near}/`;
    const render = templates();
    const shards = new Shards(outputDirectory, room);
    const view = pageView(data, entries, base);
    for (const [index, { course, curves, matrices }] of view.orders.entries()) {
      const order = data.run.orders[index]!;
      if ("shard" in course) shards.addBeside(course.shard, render("course-order", courseView(order, entries)));
      if (curves !== undefined && "shard" in curves) {
        shards.addBeside(curves.shard, render("curves-order", curvesView(order, entries)!));
      }
      if ("shard" in matrices) {
        shards.addBeside(matrices.shard, render("matrices-order", matricesView(order, index, entries, base)));
      }
    }
    writeSamples(runDirectory, data.run, entries, shards);
    const page = render("page", {
      ...view,
      catalog: scriptLiteral(view.samples.catalog),
      parts: shards.inPage.join(""),
    });
    const path = join(outputDirectory, "index.html");
    writeFileAtomically(path, page);
    const beside = shards.finish();
    return beside === undefined ? [path] : [path, beside];
  },
  async renderHistory(history, outputDirectory) {
    const near = (directory: string) =>
      relative(outputDirectory, directory).split(sep).map(encodeURIComponent).join("/");
    const view = historyView(history, (run) => `${near(run)}/report/index.html`);
    const path = join(outputDirectory, "index.html");
    writeFileAtomically(path, templates()("history", view));
    return [path];
  },
  async renderBoard(board, outputDirectory) {
    const path = join(outputDirectory, "index.html");
    writeFileAtomically(path, templates()("board", boardView(board)));
    return [path];
  },
};
