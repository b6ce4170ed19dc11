import { expect, test } from "vitest";
import { differentiate } from "../../../../trainers/engine/onnx/graph/differentiate.js";
import { Graph, type Value } from "../../../../trainers/engine/onnx/graph/graph.js";
import { multiply, rmsNorm, rotate, total } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, Tensor } from "../../../../trainers/engine/onnx/graph/session.js";
import { normals } from "./finite-differences.js";

type Build = (x: Value) => Value;

/** Output and gradient of an operator on a random x of the shape. */
async function evaluate(precision: "float32" | "float64", shape: number[], build: Build): Promise<number[]> {
  const graph = new Graph(precision);
  const x = graph.input("x", shape);
  const output = build(x);
  const weights = graph.input("weights", output.shape);
  graph.output("output", output);
  graph.output("gradient", differentiate(total(multiply(output, weights)), [x])[0]!);
  const size = shape.reduce((a, b) => a * b, 1);
  const draw = (item: string) => {
    const values = normals(size, item);
    return new Tensor(precision, precision === "float32" ? Float32Array.from(values) : values, shape);
  };
  const compiled = await CompiledGraph.create(graph);
  const result = await compiled.run({ x: draw("x"), weights: draw("weights") });
  await compiled.release();
  return ["output", "gradient"].flatMap((name) => [...(result[name]!.data as Float32Array)]);
}

test.each<[string, number[], Build]>([
  ["rmsNorm", [5, 8], (x) => rmsNorm(x, x.graph.constant(normals(8, "norm")), 1e-5)],
  [
    "rotate",
    [5, 3, 24],
    (x) => {
      const angles = normals(60, "angles");
      const table = (f: (angle: number) => number) => x.graph.constant(angles.map(f), [5, 1, 12]);
      return rotate(x, table(Math.cos), table(Math.sin));
    },
  ],
])("%s: the fused operator agrees with the composed one, forward and backward", async (_, shape, build) => {
  const fused = await evaluate("float32", shape, build);
  const composed = await evaluate("float64", shape, build);
  for (const [i, value] of fused.entries()) expect(value).toBeCloseTo(composed[i]!, 5);
});
