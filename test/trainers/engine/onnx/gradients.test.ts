import { expect, test } from "vitest";
import { differentiate } from "../../../../trainers/engine/onnx/graph/differentiate.js";
import { encode } from "../../../../trainers/engine/onnx/graph/encode.js";
import { Graph, type Value } from "../../../../trainers/engine/onnx/graph/graph.js";
import * as operators from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, floats } from "../../../../trainers/engine/onnx/graph/session.js";
import { gradientError } from "./finite-differences.js";

const { add, multiply, subtract, divide } = operators;

const square = (x: Value): Value => multiply(x, x);

/** Away from zero, for divisors. */
const positive = (x: Value): Value => add(square(x), x.graph.scalar(1));

const cases: [string, number[][], (graph: Graph, ...inputs: Value[]) => Value][] = [
  [
    "add",
    [
      [2, 3],
      [2, 3],
    ],
    (_, a, b) => add(a!, b!),
  ],
  ["add, broadcast in front", [[2, 3], [3]], (_, a, b) => add(a!, b!)],
  [
    "add, broadcast inside",
    [
      [2, 1, 3],
      [4, 1],
    ],
    (_, a, b) => add(a!, b!),
  ],
  [
    "subtract",
    [
      [2, 3],
      [1, 3],
    ],
    (_, a, b) => subtract(a!, b!),
  ],
  [
    "multiply",
    [
      [2, 3],
      [2, 1],
    ],
    (_, a, b) => multiply(a!, b!),
  ],
  ["divide", [[2, 3], [3]], (_, a, b) => divide(a!, positive(b!))],
  ["negate", [[4]], (_, a) => operators.negate(a!)],
  ["scale", [[4]], (_, a) => operators.scale(a!, -2.5)],
  ["multiply by itself", [[4]], (_, a) => square(a!)],
  ["a value used twice", [[3]], (_, a) => multiply(add(a!, a!), square(a!))],
  ["sum over an axis", [[2, 3, 4]], (_, a) => operators.sum(a!, [1])],
  ["total", [[2, 3]], (_, a) => operators.total(a!)],
  ["reshape", [[2, 6]], (_, a) => square(operators.reshape(a!, [3, 4]))],
  ["transpose", [[2, 3, 4]], (_, a) => square(operators.transpose(a!, [2, 0, 1]))],
  [
    "split",
    [[2, 5]],
    (_, a) => {
      const [left, right] = operators.split(a!, 1, [2, 3]);
      return add(operators.total(square(left!)), operators.total(right!));
    },
  ],
  ["split, one part unused", [[2, 5]], (_, a) => square(operators.split(a!, 1, [2, 3])[1]!)],
  [
    "concatenate",
    [
      [2, 1],
      [2, 3],
    ],
    (_, a, b) => square(operators.concatenate([a!, b!, a!], 1)),
  ],
  [
    "linear",
    [
      [4, 3],
      [2, 3],
    ],
    (_, x, w) => operators.linear(x!, w!),
  ],
  ["linear with bias", [[4, 3], [2, 3], [2]], (_, x, w, b) => operators.linear(x!, w!, b!)],
  [
    "linear, input used twice",
    [
      [4, 3],
      [3, 3],
    ],
    (_, x, w) => multiply(operators.linear(x!, w!), operators.linear(x!, w!)),
  ],
  [
    "matmul",
    [
      [3, 4],
      [4, 2],
    ],
    (_, a, b) => operators.matmul(a!, b!),
  ],
  [
    "matmul, batches broadcast",
    [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
    (_, a, b) => operators.matmul(a!, b!),
  ],
  ["silu", [[3, 4]], (_, x) => operators.silu(x!)],
  ["sigmoid", [[3, 4]], (_, x) => operators.sigmoid(x!)],
  ["quickGelu", [[3, 4]], (_, x) => operators.quickGelu(x!)],
  ["tanhGelu", [[3, 4]], (_, x) => operators.tanhGelu(x!)],
  ["softmax", [[3, 4]], (_, x) => operators.softmax(x!)],
  [
    "attend",
    [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 3],
    ],
    (graph, q, k, v) =>
      operators.attend(q!, k!, v!, graph.constant([1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1], [3, 5])),
  ],
  ["rmsNorm", [[3, 4], [4]], (_, x, w) => operators.rmsNorm(x!, w!, 1e-5)],
  ["layerNorm", [[3, 4], [4], [4]], (_, x, w, b) => operators.layerNorm(x!, w!, b!, 1e-5)],
  [
    "rotate",
    [[3, 2, 4]],
    (graph, x) => {
      const angles = Float64Array.from([0, 0.1, 1, -2, 3, 0.5]);
      const table = (f: (angle: number) => number) => graph.constant(angles.map(f), [3, 1, 2]);
      return operators.rotate(x!, table(Math.cos), table(Math.sin));
    },
  ],
  [
    "gather",
    [[5, 3]],
    (graph, table) => square(operators.gather(table!, graph.constant([4, 0, 4, 2], [2, 2], "int32"))),
  ],
  [
    "replaceRows",
    [
      [4, 3],
      [2, 3],
    ],
    (graph, table, rows) => square(operators.replaceRows(table!, graph.constant([3, 1], [2], "int32"), rows!)),
  ],
  [
    "gather next to another use",
    [[3, 2]],
    (graph, table) => add(operators.gather(table!, graph.constant([1, 1, 0], [3], "int32")), square(table!)),
  ],
  [
    "rearrange",
    [[3, 2]],
    (graph, table) =>
      square(
        operators.rearrange(table!, graph.constant([2, 0, 1], [3], "int32"), graph.constant([1, 2, 0], [3], "int32")),
      ),
  ],
  [
    "crossEntropy",
    [[3, 5]],
    (graph, logits) => operators.crossEntropy(logits!, graph.constant([4, 0, 2], [3], "int32")),
  ],
];

test.each(cases)("%s: the gradient is that of finite differences", async (_, shapes, build) => {
  expect(await gradientError(shapes, build)).toBeLessThan(1e-7);
});

/** ½ + φ(x)·Σ x^(2n+1) / (1·3·5·…·(2n+1)), the distribution function of the normal distribution. */
function normalDistribution(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + sum * (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));
}

test("gelu, for which there is no double precision: values and gradient are those of x·Φ(x)", async () => {
  const graph = new Graph();
  const values = Float32Array.from({ length: 81 }, (_, i) => (i - 40) / 10);
  const x = graph.input("x", [81]);
  const y = operators.gelu(x);
  graph.output("y", y);
  graph.output("gradient", differentiate(operators.total(y), [x])[0]!);
  const compiled = await CompiledGraph.create(graph);
  const result = await compiled.run({ x: floats(values) });
  await compiled.release();
  for (const [i, value] of values.entries()) {
    const density = Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI);
    expect(result.y!.data[i] as number).toBeCloseTo(value * normalDistribution(value), 5);
    expect(result.gradient!.data[i] as number).toBeCloseTo(normalDistribution(value) + value * density, 5);
  }
});

test("nothing is computed for a gradient that nobody wants", () => {
  const graph = new Graph();
  const x = graph.input("x", [4, 3]);
  const frozen = graph.input("frozen", [3, 3]);
  const trained = graph.input("trained", [2, 3]);
  const before = operators.linear(x, frozen);
  const scalar = operators.total(operators.linear(before, trained));
  const nodes = graph.nodes.length;
  const [gradient] = differentiate(scalar, [trained]);
  const added = graph.nodes.slice(nodes).map((node) => node.operator);
  expect(added.filter((operator) => operator === "Gemm")).toHaveLength(1);
  graph.output("gradient", gradient!);
  expect(gradient!.shape).toEqual([2, 3]);
});

test("what no output depends on is left out of the model", () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  graph.output("y", add(x, x));
  const lean = encode(graph).length;
  graph.constant(new Float32Array(1000));
  operators.silu(x);
  expect(encode(graph).length).toBe(lean);
});

test("a scalar that does not depend on the value is an error", () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  const other = graph.input("other", [2]);
  expect(() => differentiate(operators.total(x), [other])).toThrow("other");
});
