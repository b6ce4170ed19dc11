import type { Leaderboard, LeaderboardRow, ModelRecord, RunRecord, TrainerRecord } from "../result.js";

/** `leaderboard.json` of one or several runs on the same suite. */
export interface Board extends Omit<Leaderboard, "schema" | "runDirectory" | "suite" | "leaderboard"> {
  schema: "board@1";
  suite: Pick<RunRecord["suite"], "name" | "version" | "digest" | "title" | "generated" | "scoring">;
  /** What the means and ranks are made over: the grid that most entries were planned on. */
  grid: { orders: { name: string; tasks: string[] }[]; seeds: number[] };
  runs: BoardRun[];
  /**
   * Where rows are compared at equal operations: of each trainer the longest training within `flops`, evaluation included;
   * and the trainers of which none is within them, with the fewest operations that they took, null where these are unknown.
   */
  equalFlops?: { flops: number; leftOut: { trainer: string; flops: number | null }[] };
  leaderboard: BoardRow[];
}

/** A run that was merged. */
export interface BoardRun {
  id: string;
  createdAt: string;
  command: string;
  cells: { done: number; planned: number };
}

/** One trainer with its options on one model and engine, from all runs that have it. */
export interface BoardRow extends LeaderboardRow {
  /** First 12 hexadecimal digits of the digest of trainer, version, options, model, engine and size: a stable name. */
  id: string;
  record: TrainerRecord;
  model: ModelRecord;
  /** Version of the numerics. */
  engine: string;
  quick: boolean;
  /** Ids of runs. */
  runs: string[];
  results: BoardCell[];
}

/** One cell of an entry. */
export interface BoardCell {
  /** Id of the cell; null where no run has planned it. */
  id: string | null;
  order: string;
  seed: number;
  /** Mean over the tasks at the end; null where there is no result. */
  score: number | null;
  /** Whether it belongs to the grid of the board. */
  counted: boolean;
}
