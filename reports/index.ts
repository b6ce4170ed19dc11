import { join } from "node:path";
import { writeFileAtomically } from "../harness/contract/files.js";
import type { Plugin } from "../harness/contract/plugin.js";

/** The built-in reports. The code of each is loaded when it renders: workers and most commands have no use for it. */
export const plugin: Plugin = {
  reporters: [
    {
      name: "html",
      default: true,
      summary: "A page with leaderboard, matrices, abilities, costs and samples; large runs add files next to it.",
      render: async (...given) => (await import("./html.js")).renderRun(...given),
      renderHistory: async (...given) => (await import("./html.js")).renderHistory(...given),
      renderBoard: async (...given) => (await import("./html.js")).renderBoard(...given),
      renderResults: async (...given) => (await import("./html.js")).renderResults(...given),
      openDashboard: async () => (await import("./dashboard.js")).openDashboard(),
    },
    {
      name: "markdown",
      summary: "Findings and leaderboard as Markdown, for a pull request or a step summary.",
      render: async (...given) => (await import("./markdown.js")).renderMarkdown(...given),
    },
    {
      name: "json",
      summary: "The leaderboard with its intervals, ranks, privileges and costs as JSON.",
      async render(runDirectory, outputDirectory, context) {
        const { readReportData } = await import("./report-data.js");
        const { leaderboard } = readReportData(runDirectory, context);
        const path = join(outputDirectory, "leaderboard.json");
        writeFileAtomically(path, `${JSON.stringify(leaderboard, null, 2)}\n`);
        return [path];
      },
    },
    {
      name: "mlflow",
      summary:
        "A file store for MLflow: parameters, scores by row, losses by step, metrics, costs and artifacts of each cell.",
      render: async (...given) => (await import("./trackers/mlflow.js")).renderMlflow(...given),
    },
    {
      name: "tensorboard",
      summary: "Event files for TensorBoard: scores, losses, metrics, costs and parameters of each cell.",
      render: async (...given) => (await import("./trackers/tensorboard.js")).renderTensorboard(...given),
    },
    {
      name: "wandb",
      summary: "Offline runs for Weights & Biases (`wandb sync`): config, history, summary and files of each cell.",
      render: async (...given) => (await import("./trackers/wandb.js")).renderWandb(...given),
    },
  ],
};
