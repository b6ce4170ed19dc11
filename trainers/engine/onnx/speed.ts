import type { MachineSpeed } from "../../../harness/contract/engine.js";
import { Graph } from "./graph/graph.js";
import { matmul } from "./graph/operators/index.js";
import { CompiledGraph, floats } from "./graph/session.js";

/** Sizes of a product as a small decoder computes it. */
const [rows, inner, columns] = [256, 512, 512];
const operations = 2 * rows * inner * columns;

const rounds = 4;
const roundMilliseconds = 40;
/** After which no further round begins. */
const mostMilliseconds = 300;

/** Elapsed over processor time up to which nothing else is taken to have used the core. */
const mostDelay = 1.2;

/**
 * The speed of one core of this machine in products of matrices: that of the fastest of a few short rounds, by the
 * processor's time where other work keeps this process from it. Takes about a fifth of a second.
 */
export async function measureSpeed(): Promise<MachineSpeed> {
  const graph = new Graph();
  graph.output("product", matmul(graph.input("a", [rows, inner]), graph.input("b", [inner, columns])));
  const compiled = await CompiledGraph.create(graph);
  const filled = (length: number) => Float32Array.from({ length }, (_, i) => (i % 7) / 7);
  const feeds = {
    a: floats(filled(rows * inner), [rows, inner]),
    b: floats(filled(inner * columns), [inner, columns]),
  };
  const into = { product: floats(new Float32Array(rows * columns), [rows, columns]) };
  try {
    for (let run = 0; run < 3; run++) await compiled.run(feeds, into); // touches the memory
    const started = performance.now();
    let fastest = { flopsPerSecond: 0, undisturbed: false };
    for (let round = 0; round < rounds && performance.now() - started < mostMilliseconds; round++) {
      const [wall, processor] = [performance.now(), process.cpuUsage()];
      let runs = 0;
      let milliseconds = 0;
      while (milliseconds < roundMilliseconds) {
        await compiled.run(feeds, into);
        runs += 1;
        const { user, system } = process.cpuUsage(processor);
        milliseconds = Math.min(performance.now() - wall, (user + system) / 1000);
      }
      const flopsPerSecond = (runs * operations) / (milliseconds / 1000);
      const undisturbed = performance.now() - wall < mostDelay * milliseconds;
      if (flopsPerSecond > fastest.flopsPerSecond) fastest = { flopsPerSecond, undisturbed };
    }
    return fastest;
  } finally {
    await compiled.release();
  }
}
