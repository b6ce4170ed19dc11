import type { Graph, Value } from "./graph.js";

/**
 * Appends the gradient of a scalar to its graph by reverse-mode differentiation and returns it for each of the wanted
 * values, in their order. Rules run only where a wanted value lies beneath, so nothing is computed for what is frozen.
 * With `onto` it is added to these, one a wanted value. Throws a RangeError where the scalar does not depend on a wanted
 * value, and there is nothing to add it to.
 */
export function differentiate(scalar: Value, wanted: readonly Value[], onto: readonly Value[] = []): Value[] {
  const graph: Graph = scalar.graph;
  const needed = new Set(wanted);
  for (const { outputs, pullbacks } of graph.operations) {
    if (pullbacks.some(({ input }) => needed.has(input))) for (const output of outputs) needed.add(output);
  }
  const gradients = new Map<Value, Value>([[scalar, graph.scalar(1)]]);
  for (const [i, value] of onto.entries()) gradients.set(wanted[i]!, value);
  for (const { outputs, pullbacks } of [...graph.operations].reverse()) {
    const received = outputs.map((output) => gradients.get(output));
    if (received.every((gradient) => gradient === undefined)) continue;
    for (const { input, accumulate } of pullbacks) {
      if (needed.has(input)) gradients.set(input, accumulate(received, gradients.get(input)));
    }
  }
  return wanted.map((value) => {
    const gradient = gradients.get(value);
    if (!gradient) throw new RangeError(`The scalar does not depend on ${value.name}.`);
    return gradient;
  });
}
