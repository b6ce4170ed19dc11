import type { ReportData } from "../report-data.js";

/** A cell of the grid that has no result, and why. */
export interface FailureView {
  trainer: string;
  order: string;
  seed: number;
  status: string;
  code: string;
  message: string;
  fix: string;
}

export function failureViews({ cells }: ReportData): FailureView[] {
  return cells
    .filter(({ status }) => status !== "done")
    .map(({ trainer, order, seed, status, error }) => ({
      trainer,
      order,
      seed,
      status,
      code: error?.code ?? "",
      message: error?.message ?? "",
      fix:
        error?.fix ??
        (status === "failed" ? "Run the same command with --retry-failed." : "Run the same command again."),
    }));
}
