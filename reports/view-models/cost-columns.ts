import { bytes, count, duration } from "./format.js";

/** One kind of cost: its key in the leaderboard, and how it is shown. */
export interface CostColumn {
  key: string;
  title: string;
  note: string;
  format(value: number | null | undefined): string;
}

/** The costs that stand beside the scores. Each is the mean over a trainer's cells. */
export const costColumns: readonly CostColumn[] = [
  { key: "wallSeconds", title: "Time", note: "Wall time of one sequence, evaluation included", format: duration },
  { key: "trainedTokens", title: "Tokens", note: "Tokens trained on", format: count },
  { key: "trainableParameters", title: "Parameters", note: "Parameters that are trained", format: count },
  { key: "bufferSamples", title: "Samples", note: "Samples of past tasks kept", format: count },
  { key: "tensorBytes", title: "Memory", note: "Bytes of tensors held, at most", format: bytes },
];
