import { expect, test } from "vitest";
import { Graph } from "../../../../trainers/engine/onnx/graph/graph.js";
import { add, reshape, scale, total, transpose } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, floats } from "../../../../trainers/engine/onnx/graph/session.js";
import { SessionCache } from "../../../../trainers/engine/onnx/graph/session-cache.js";

function scaled(factor: number): Graph {
  const graph = new Graph();
  graph.output("y", scale(graph.input("x", ["n"]), factor));
  return graph;
}

test("a graph is built and compiled once a signature; the oldest beyond the bound is released", async () => {
  const cache = new SessionCache(2);
  let built = 0;
  const run = async (factor: number) => {
    const build = () => {
      built++;
      return scaled(factor);
    };
    return (await cache.run(`scale ${factor}`, build, { x: floats([1, 2]) })).y!.data;
  };
  expect([...(await run(2))]).toEqual([2, 4]);
  expect([...(await run(3))]).toEqual([3, 6]);
  await run(2);
  expect(built).toBe(2);
  await run(4);
  expect(cache.size).toBe(2);
  await run(2);
  expect(built).toBe(3);
  await run(3);
  expect(built).toBe(4);
  await cache.clear();
  expect(cache.size).toBe(0);
});

test("runs of one cache may overlap", async () => {
  const cache = new SessionCache(1);
  const factors = [1, 2, 3, 1, 2, 3];
  const results = await Promise.all(
    factors.map((factor) => cache.run(`scale ${factor}`, () => scaled(factor), { x: floats([1]) })),
  );
  expect(results.map((result) => result.y!.data[0])).toEqual(factors);
  expect(cache.size).toBe(1);
  await cache.clear();
});

test("symbolic sizes are resolved when the graph runs, each anew", async () => {
  const graph = new Graph();
  const x = graph.input("x", ["a", "b", 2]);
  graph.output("y", reshape(transpose(add(x, x), [1, 0, 2]), ["b", "a × 2"]));
  const compiled = await CompiledGraph.create(graph);
  for (const [a, b] of [
    [2, 3],
    [1, 5],
  ] as const) {
    const result = await compiled.run({ x: floats(new Float32Array(a * b * 2).fill(1), [a, b, 2]) });
    expect(result.y!.dims).toEqual([b, 2 * a]);
    expect(result.y!.data.every((value) => value === 2)).toBe(true);
  }
  await compiled.release();
});

test("outputs are in the tensors that are given for them, and nowhere else", async () => {
  const size = 2 ** 21;
  const graph = new Graph();
  const x = graph.input("x", ["n"]);
  graph.output("twice", scale(x, 2));
  graph.output("thrice", scale(x, 3));
  const compiled = await CompiledGraph.create(graph);
  const given = floats(new Float32Array(size).fill(1));
  const before = process.memoryUsage().arrayBuffers;
  const { twice, thrice } = await compiled.run({ x: given }, { twice: given, thrice: null });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1.5 * 4 * size);
  expect(twice).toBe(given);
  expect([twice!.data[size - 1], thrice!.data[size - 1], thrice!.dims]).toEqual([2, 3, [size]]);
  await compiled.release();
});

test("a session keeps nothing of what a run took", async () => {
  const [graph, size] = [new Graph(), 4096];
  const square = graph.node("Mul", [graph.input("row", [1, size]), graph.input("column", [size, 1])], [size, size]);
  graph.output("sum", total(square));
  const compiled = await CompiledGraph.create(graph);
  const values = new Float32Array(size).fill(1);
  const before = process.memoryUsage.rss();
  const { sum } = await compiled.run({ row: floats(values, [1, size]), column: floats(values, [size, 1]) });
  expect(process.memoryUsage.rss() - before).toBeLessThan(2 * size ** 2);
  expect(sum!.data[0]).toBe(size ** 2);
  await compiled.release();
});

test("what ONNX Runtime refuses is a coded error that keeps the cause", async () => {
  const graph = new Graph();
  graph.output("y", graph.node("NoSuchOperator", [graph.input("x", [1])], [1]));
  await expect(CompiledGraph.create(graph)).rejects.toMatchObject({ code: "INTERNAL", cause: expect.any(Error) });
  const compiled = await CompiledGraph.create(scaled(1));
  await expect(compiled.run({ x: floats([1, 2], [1, 2]) })).rejects.toMatchObject({ code: "INTERNAL" });
  await compiled.release();
});
