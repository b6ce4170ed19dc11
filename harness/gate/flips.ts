import type { SampleRecord } from "../contract/result.js";
import { readSamples } from "../run/store/store.js";
import type { EntryCell } from "./entry.js";

/** One answer that changed sides: from half right or better to worse, or back. */
export interface Flip {
  task: string;
  id: string;
  order: string;
  seed: number;
  baseline: { output: string; score: number };
  candidate: { output: string; score: number };
}

/** The test answers after the last task that only one of the two got right. */
export interface Flips {
  /** Answers compared: the same question in cells of the same order and seed. */
  answers: number;
  /** Wrong in the baseline, right in the candidate. */
  gained: Flip[];
  /** Right in the baseline, wrong in the candidate. */
  lost: Flip[];
}

/** A score of at least this counts as right; scorers with grades give everything between 0 and 1. */
const right = 0.5;

/** Pairs the answers of two entries within cells of the same order and seed; one row T each. */
export function findFlips(baseline: readonly EntryCell[], candidate: readonly EntryCell[]): Flips {
  const flips: Flips = { answers: 0, gained: [], lost: [] };
  for (const cell of candidate) {
    const partner = baseline.find(({ order, seed }) => order === cell.order && seed === cell.seed);
    if (partner === undefined) continue;
    const before = new Map(finalAnswers(partner).map((sample) => [`${sample.set}\n${sample.id}`, sample]));
    for (const now of finalAnswers(cell)) {
      const then = before.get(`${now.set}\n${now.id}`);
      if (then === undefined) continue;
      flips.answers += 1;
      if (then.score >= right === now.score >= right) continue;
      flips[now.score >= right ? "gained" : "lost"].push({
        task: now.set,
        id: now.id,
        order: cell.order,
        seed: cell.seed,
        baseline: { output: then.output, score: then.score },
        candidate: { output: now.output, score: now.score },
      });
    }
  }
  return flips;
}

function finalAnswers({ files, id, matrix }: EntryCell): SampleRecord[] {
  const last = matrix.tasks.length;
  return readSamples(files, id).filter(({ row, dataset }) => row === last && dataset === "test");
}
