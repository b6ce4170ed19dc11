import type { ReportData } from "../../report-data.js";

/** A cell of the grid without a result, and why. */
export interface FailureView {
  trainer: string;
  order: string;
  seed: number;
  status: string;
  code: string;
  message: string;
  fix: string;
}

/** The first of them, and how many more there are. */
export interface FailuresView {
  shown: FailureView[];
  more: number;
}

const atMost = 100;

export function failuresView({ cells }: ReportData): FailuresView {
  const open = cells.filter(({ status }) => status !== "done");
  const shown = open.slice(0, atMost).map(({ trainer, order, seed, status, error }) => ({
    trainer,
    order,
    seed,
    status,
    code: error?.code ?? "",
    message: error?.message ?? "",
    fix:
      error?.fix ?? (status === "failed" ? "Run the same command with --retry-failed." : "Run the same command again."),
  }));
  return { shown, more: open.length - shown.length };
}
