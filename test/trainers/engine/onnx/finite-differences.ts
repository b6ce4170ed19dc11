import { random } from "../../../../harness/contract/random.js";
import { differentiate } from "../../../../trainers/engine/onnx/graph/differentiate.js";
import { Graph, type Value } from "../../../../trainers/engine/onnx/graph/graph.js";
import { multiply, total } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { CompiledGraph, Tensor } from "../../../../trainers/engine/onnx/graph/session.js";

export function normals(count: number, item: string): Float64Array {
  const draw = random({ seed: 1, stream: "test", item });
  return Float64Array.from({ length: count }, () => draw.normal());
}

/**
 * The largest difference between a graph's gradient and central finite differences, in double precision, over every
 * element of every input, relative to 1 + |gradient|. A random projection makes the output a scalar.
 */
export async function gradientError(
  shapes: readonly (readonly number[])[],
  build: (graph: Graph, ...inputs: Value[]) => Value,
): Promise<number> {
  const graph = new Graph("float64");
  const inputs = shapes.map((shape, i) => graph.input(`input${i}`, shape));
  const output = build(graph, ...inputs);
  const size = output.shape.reduce<number>((product, dimension) => product * (dimension as number), 1);
  const projection = graph.constant(normals(size, "projection"), output.shape as number[]);
  const scalar = total(multiply(output, projection));
  const gradients = differentiate(scalar, inputs);
  graph.output("scalar", scalar);
  for (const [i, gradient] of gradients.entries()) graph.output(`gradient${i}`, gradient);
  const compiled = await CompiledGraph.create(graph);
  const values = shapes.map((shape, i) =>
    normals(
      shape.reduce((a, b) => a * b, 1),
      `input${i}`,
    ),
  );
  const feeds = Object.fromEntries(values.map((data, i) => [`input${i}`, new Tensor("float64", data, shapes[i]!)]));
  const evaluate = async (): Promise<number> => (await compiled.run(feeds)).scalar!.data[0] as number;

  const result = await compiled.run(feeds);
  let worst = 0;
  const step = 1e-5;
  for (const [i, data] of values.entries()) {
    const gradient = result[`gradient${i}`]!.data as Float64Array;
    for (let j = 0; j < data.length; j++) {
      const own = data[j]!;
      data[j] = own + step;
      const above = await evaluate();
      data[j] = own - step;
      const below = await evaluate();
      data[j] = own;
      const expected = (above - below) / (2 * step);
      worst = Math.max(worst, Math.abs(gradient[j]! - expected) / (1 + Math.abs(expected)));
    }
  }
  await compiled.release();
  return worst;
}
