import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { differentiate } from "../../../../trainers/engine/onnx/graph/differentiate.js";
import { Graph } from "../../../../trainers/engine/onnx/graph/graph.js";
import {
  distillation,
  reverseDistillation,
  scale,
  total,
} from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, singleThread, Tensor } from "../../../../trainers/engine/onnx/graph/session.js";
import { VectorPool } from "../../../../trainers/engine/onnx/parameters/vector-pool.js";
import { projected } from "../../../../trainers/engine/onnx/training/projection.js";
import { subspaceValue } from "../../../../trainers/engine/onnx/training/subspaces.js";
import { electSigns, magMax, trim } from "../../../../trainers/methods/averaging/task-vectors.js";
import { singularDirections } from "../../../../trainers/methods/constraints/singular-directions.js";
import { InputSpace } from "../../../../trainers/methods/isolation/input-space.js";
import { divergence } from "../../../../trainers/training/monitors/base-distance.js";

type Matrix = number[][];

/** Written by `oracle.py`: float64, from the papers, with none of our code. */
const oracle: {
  vectors: Matrix;
  ties: Record<string, number[]>;
  magmax: number[];
  student: Matrix;
  teacher: Matrix;
  forward: { rows: number[]; gradient: Matrix };
  reverse: { rows: number[]; gradient: Matrix };
  sparsity: { a: Matrix; b: Matrix; expected: { value: number; a: Matrix; b: Matrix } };
  inflora: { share: number; rank: number; inputs: Matrix[]; expected: { rows: Matrix; kept: Matrix }[] };
  osf: { weight: Matrix; gradient: Matrix; count: number; expected: { values: number[]; projected: Matrix } }[];
} = JSON.parse(readFileSync(new URL("./oracle.json", import.meta.url), "utf8"));

const vectors = oracle.vectors.map((row) => Float32Array.from(row));
const farthest = (found: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));

test.each(Object.entries(oracle.ties))("ties with density %s", (density, expected) => {
  const trimmed = vectors.map((vector) => trim(vector, Number(density)));
  expect(farthest(electSigns(trimmed), expected)).toBeLessThan(1e-12);
});

test("magmax", () => {
  expect(farthest(magMax(vectors), oracle.magmax)).toBe(0);
});

/** A graph in double precision: its output `value`, and the gradient of each input. */
async function evaluate(
  given: Record<string, Matrix>,
  build: (graph: Graph, inputs: Record<string, ReturnType<Graph["input"]>>) => ReturnType<Graph["input"]>,
) {
  const graph = new Graph("float64");
  const shape = (rows: Matrix) => [rows.length, rows[0]!.length];
  const inputs = Object.fromEntries(
    Object.entries(given).map(([name, rows]) => [name, graph.input(name, shape(rows))]),
  );
  const value = build(graph, inputs);
  graph.output("value", value);
  const names = Object.keys(given);
  const gradients = differentiate(
    value,
    names.map((name) => inputs[name]!),
  );
  for (const [i, gradient] of gradients.entries()) graph.output(`gradient of ${names[i]}`, gradient);
  const compiled = await CompiledGraph.create(graph);
  const feeds = Object.entries(given).map(([name, rows]) => [
    name,
    new Tensor("float64", Float64Array.from(rows.flat()), shape(rows)),
  ]);
  const result = await compiled.run(Object.fromEntries(feeds));
  await compiled.release();
  return (name: string) => result[name]!.data as Float64Array;
}

test.each(["forward", "reverse"] as const)("kl, %s: the mean of the rows and its gradient", async (direction) => {
  const { student, teacher } = oracle;
  const found = await evaluate({ student }, (graph, inputs) => {
    const fixed = graph.constant(teacher.flat(), [teacher.length, teacher[0]!.length]);
    const rows =
      direction === "forward"
        ? distillation(inputs.student!, fixed, graph.constant([1]))
        : reverseDistillation(inputs.student!, fixed);
    return scale(total(rows), 1 / student.length);
  });
  const { rows, gradient } = oracle[direction];
  expect(found("value")[0]).toBeCloseTo(rows.reduce((sum, own) => sum + own, 0) / rows.length, 12);
  expect(farthest(found("gradient of student"), gradient.flat())).toBeLessThan(1e-12);
});

test("the distance to the base is the sum of the rows' divergences", () => {
  const logits = (rows: Matrix) => ({
    rows: rows.length,
    classes: rows[0]!.length,
    values: Float32Array.from(rows.flat()),
  });
  const expected = oracle.forward.rows.reduce((sum, own) => sum + own, 0);
  expect(divergence(logits(oracle.teacher), logits(oracle.student))).toBeCloseTo(expected, 12);
});

test("n-lora: Σ |B·A| and its gradients", async () => {
  const { a, b, expected } = oracle.sparsity;
  const found = await evaluate({ a, b }, (graph, inputs) =>
    subspaceValue(
      graph,
      "sparsity",
      new Map([
        ["module.lora_A.weight", inputs.a!],
        ["module.lora_B.weight", inputs.b!],
      ]),
    ),
  );
  expect(found("value")[0]).toBeCloseTo(expected.value, 12);
  expect(farthest(found("gradient of a"), expected.a.flat())).toBeLessThan(1e-12);
  expect(farthest(found("gradient of b"), expected.b.flat())).toBeLessThan(1e-12);
});

test.each(oracle.osf.map((one, i) => [i, one] as const))("osf: matrix %i", async (_, one) => {
  const { weight, gradient, count, expected } = one;
  const shape = [weight.length, weight[0]!.length] as const;
  const found = singularDirections(Float32Array.from(weight.flat()), shape, count);
  expect(farthest(found.values, expected.values)).toBeLessThan(1e-10);
  const pool = new VectorPool();
  const hold = (values: Float32Array) => pool.hold(values);
  const result = await projected(
    hold(Float32Array.from(gradient.flat())),
    { kind: "subspaces", matrices: [{ name: "w", left: hold(found.left), right: hold(found.right) }] },
    pool,
    singleThread,
    [{ name: "w", shape, offset: 0, length: shape[0] * shape[1] }],
  );
  expect(farthest(pool.values(result), expected.projected.flat())).toBeLessThan(1e-6);
});

test("inflora: rows of each task's adapter and the kept space, from second moments alone", () => {
  const { share, rank, inputs, expected } = oracle.inflora;
  const width = inputs[0]!.length;
  const space = new InputSpace(width);
  const projector = (rows: Float32Array) =>
    Array.from({ length: width * width }, (_, at) => {
      let sum = 0;
      for (let row = 0; row < rows.length; row += width)
        sum += rows[row + Math.floor(at / width)]! * rows[row + (at % width)]!;
      return sum;
    });
  for (const [task, own] of inputs.entries()) {
    const moments = Float32Array.from({ length: width * width }, (_, at) =>
      own[Math.floor(at / width)]!.reduce((sum, value, i) => sum + value * own[at % width]![i]!, 0),
    );
    expect(farthest(projector(space.directions(moments, rank)), expected[task]!.rows.flat())).toBeLessThan(1e-5);
    space.extend(moments, share, "squares");
    expect(farthest(projector(space.basis), expected[task]!.kept.flat())).toBeLessThan(1e-5);
  }
});
