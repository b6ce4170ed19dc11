import { performance } from "node:perf_hooks";
import { Graph } from "../../trainers/engine/onnx/graph/graph.js";
import { matmul } from "../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, floats } from "../../trainers/engine/onnx/graph/session.js";

/** The most floating-point operations per second that a square matrix product reaches here on one thread. */
export async function gemmPeak(size = 768, trials = 12): Promise<number> {
  const graph = new Graph();
  graph.output("product", matmul(graph.input("a", [size, size]), graph.input("b", [size, size])));
  const compiled = await CompiledGraph.create(graph);
  const matrix = () =>
    floats(
      Float32Array.from({ length: size * size }, (_, i) => (i % 7) - 3),
      [size, size],
    );
  const feeds = { a: matrix(), b: matrix() };
  const fetches = { product: matrix() };
  let best = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < trials; trial++) {
    const started = performance.now();
    await compiled.run(feeds, fetches);
    best = Math.min(best, performance.now() - started);
  }
  await compiled.release();
  return (2 * size ** 3) / (best / 1000);
}
