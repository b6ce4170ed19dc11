import type { BenchmarkContext } from "../shapes/cl-benchmark.js";

export type Split = "train" | "validation" | "test";

/** Where the rows of one task lie. */
export interface TaskFiles {
  name: string;
  /** The folder that errors point to. */
  directory: string;
  /** Absolute paths of the files of each split, read one after the other. */
  splits: Partial<Record<Split, string[]>>;
  /** Files with all rows, not divided into splits; empty where there are splits. */
  whole: string[];
  benchmark?: BenchmarkContext;
  /** What was chosen among several, in words. */
  notes: string[];
}

/** Names of the splits in the wild; where a task has several of one split, the first is read. */
export const splitNames: Record<Split, readonly string[]> = {
  train: ["train", "training"],
  validation: ["eval", "validation", "valid", "val", "dev", "development"],
  test: ["test", "testing"],
};

/** The split of that name, in any case. */
export function splitOf(name: string): Split | undefined {
  const lower = name.toLowerCase();
  return (Object.keys(splitNames) as Split[]).find((split) => splitNames[split].includes(lower));
}
