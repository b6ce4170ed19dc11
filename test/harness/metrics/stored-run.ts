import type { CostRecord, MatrixRecord, RunRecord } from "../../../harness/contract/result.js";
import type { Schedule } from "../../../harness/contract/trainer.js";
import type { LeaderboardSource } from "../../../harness/metrics/index.js";
import { matrixOf } from "./matrix.js";

const tasks = ["task 1", "task 2"];
const privileges = { pastData: "none", generalItems: 0, taskIdAtTest: false, validationOfPastTasks: false } as const;

const cost: CostRecord = {
  schema: "cost@1",
  wallSeconds: 10,
  trainSeconds: 6,
  evaluationSeconds: 4,
  cpuSeconds: null,
  bufferSamples: 0,
  bufferBytes: 0,
  checkpointBytes: 100,
  latency: { p50: 2, p99: 3, samples: 20 },
  learning: [],
  trainedTokens: 1000,
  generatedTokens: 50,
  flops: 1e9,
  trainableParameters: 10,
  addedParameters: 0,
  tensorBytes: 400,
};

/** A stored run of two tasks: for each trainer, the matrix rows of each (order, seed); undefined where it failed. */
export function storedRun(
  trainers: Record<
    string,
    { schedule: Schedule; rows: (order: number, seed: number) => MatrixRecord["rows"] | undefined }
  >,
  orders: number,
  seeds: number[],
): LeaderboardSource {
  const matrices: Record<string, MatrixRecord> = {};
  const costs: Record<string, CostRecord> = {};
  const cells = Object.entries(trainers).flatMap(([trainer, { rows }]) =>
    Array.from({ length: orders }, (_, order) => order).flatMap((order) =>
      seeds.map((seed) => {
        const id = `${trainer}-${order}-${seed}`;
        const measured = rows(order, seed);
        if (measured !== undefined) {
          const n = measured.map((row) => row.map(() => 100));
          matrices[id] = matrixOf(measured, { trainer, order: `order ${order}`, seed, n });
          costs[id] = { ...cost, wallSeconds: 10 + seed };
        }
        return { id, trainer, order: `order ${order}`, seed };
      }),
    ),
  );
  const run = {
    trainers: Object.entries(trainers).map(([label, { schedule }]) => ({ label, name: label, schedule, privileges })),
    orders: Array.from({ length: orders }, (_, order) => ({ name: `order ${order}`, tasks })),
    seeds,
    cells,
    suite: { name: "suite", version: "1", digest: "d", tasks: tasks.map((id) => ({ id })) },
  } as unknown as RunRecord;
  return { directory: "runs/x", run, matrices, costs };
}
