import { existsSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { writeFileAtomically, writeOutput } from "../harness/contract/files.js";
import type { PublishedResult, Reporter } from "../harness/contract/plugin.js";
import type { RunRecord } from "../harness/contract/result.js";
import type { Comparison } from "../harness/gate/compare.js";
import type { GateResult } from "../harness/gate/gate.js";
import { layout, openRunFiles, readExamples } from "../harness/run/store/store.js";
import { readReportData } from "./report-data.js";
import { writeSamples } from "./samples/write.js";
import { Shards, scriptLiteral } from "./shards.js";
import { templates } from "./templates.js";
import { boardView } from "./view-models/board.js";
import { type CandidateRun, comparisonPageView } from "./view-models/comparison.js";
import { historyView } from "./view-models/history.js";
import { pageView } from "./view-models/page.js";
import { matricesView } from "./view-models/scores/matrices.js";
import { sequenceCurvesView } from "./view-models/scores/sequence-curves.js";
import { withinTaskCurvesView } from "./view-models/scores/within-task-curves.js";
import { entriesOf } from "./view-models/shared/entries.js";

/** Characters of samples that are embedded in the page. */
const inlineLimit = 1_000_000;

/** A self-contained page that works from file:// without network requests; large runs add script files in a folder next to it. */
export const renderRun: Reporter["render"] = async (runDirectory, outputDirectory, context) => {
  const data = readReportData(runDirectory, context);
  const entries = entriesOf(data);
  const runPath = relative(outputDirectory, runDirectory).split(sep).join("/");
  const base = runPath === "" ? "" : `${runPath}/`;
  const render = templates();
  const shards = new Shards(outputDirectory, inlineLimit);
  const view = pageView(data, entries, base);
  for (const [index, { sequenceCurves, withinTaskCurves, matrices }] of view.orders.entries()) {
    const order = data.run.orders[index]!;
    if ("shard" in sequenceCurves) {
      shards.addFile(sequenceCurves.shard, render("sequence-curves-order", sequenceCurvesView(order, entries)));
    }
    if (withinTaskCurves !== undefined && "shard" in withinTaskCurves) {
      const curves = withinTaskCurvesView(order, entries)!;
      shards.addFile(withinTaskCurves.shard, render("within-task-curves-order", curves));
    }
    if ("shard" in matrices) {
      shards.addFile(matrices.shard, render("matrices-order", matricesView(order, index, entries, base)));
    }
  }
  const coverage = await writeSamples(runDirectory, view.samples, shards);
  const page = render("page", {
    ...view,
    catalog: scriptLiteral({ ...view.samples, coverage }),
    inlineShards: shards.inline.join(""),
  });
  const path = join(outputDirectory, "index.html");
  writeFileAtomically(path, page);
  const folder = shards.finish();
  return folder === undefined ? [path] : [path, folder];
};

/** The page of versions over time. */
export const renderHistory: NonNullable<Reporter["renderHistory"]> = async (history, outputDirectory) => {
  const pathTo = (directory: string) =>
    relative(outputDirectory, directory).split(sep).map(encodeURIComponent).join("/");
  const view = historyView(history, (run) => `${pathTo(run)}/report/index.html`);
  const path = join(outputDirectory, "index.html");
  writeFileAtomically(path, templates()("history", view));
  return [path];
};

/** The page of a leaderboard of several runs. */
export const renderBoard: NonNullable<Reporter["renderBoard"]> = async (board, outputDirectory, context) => {
  const path = join(outputDirectory, "index.html");
  writeFileAtomically(path, templates()("board", boardView(board, context)));
  return [path];
};

/** The page of a gate or of comparisons. */
export const renderResults: NonNullable<Reporter["renderResults"]> = async (results, file) => {
  const shown = results.filter(isComparison);
  const runs = new Map<string, CandidateRun>(); // comparisons of whole runs have one candidate directory
  const runOf = (directory: string): CandidateRun => {
    const run = runs.get(directory) ?? candidateRun(directory);
    runs.set(directory, run);
    return run;
  };
  writeOutput(file, templates()("comparison", comparisonPageView(shown, runOf)));
};

function isComparison(result: PublishedResult): result is Comparison | GateResult {
  return result.schema === "comparison@1" || result.schema === "gate@1";
}

function candidateRun(directory: string): CandidateRun {
  if (!existsSync(join(directory, layout.run))) return { questionOf: () => undefined };
  const files = openRunFiles(directory);
  const { model } = files.json<RunRecord>("run", layout.run);
  const examples = files.has(layout.examples) ? readExamples(files) : [];
  const questions = new Map(
    examples.flatMap(({ dataset, set, id, input }) => (dataset === "shifted" ? [] : [[`${set}\n${id}`, input]])),
  );
  return {
    model: model.reference,
    questionOf: (set, id) => questions.get(`${set.replace(/^(task|probe):/, "")}\n${id}`),
  };
}
