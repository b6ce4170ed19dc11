import type { TensorLayout } from "../../contract.js";
import type { Graph, Value } from "../graph/graph.js";
import { reshape, split } from "../graph/operators/index.js";
import { floats, type Tensor } from "../graph/session.js";
import type { ParameterStore } from "./parameter-store.js";

/** A run of neighboring tensors that one input of a graph contains: a large matrix alone, small ones together. */
export interface Segment {
  readonly offset: number;
  readonly length: number;
  /** The tensor's own where there is one, else flat. */
  readonly shape: readonly number[];
  readonly tensors: readonly TensorLayout[];
  /** Matrices are subject to weight decay, vectors are not. */
  readonly matrices: boolean;
}

/** Elements below which a tensor shares a segment, and up to which one grows: 256 kB stay in a core's second cache. */
const small = 16_384;
const full = 65_536;

/** Divides a store into segments. Matrices and vectors never share one. */
export function segmentsOf(store: ParameterStore): Segment[] {
  const groups: TensorLayout[][] = [];
  let length = 0;
  for (const tensor of store.tensors) {
    const group = groups.at(-1);
    const joins =
      group !== undefined &&
      isMatrix(group[0]!) === isMatrix(tensor) &&
      group[0]!.length < small &&
      tensor.length < small &&
      length + tensor.length <= full;
    if (joins) group.push(tensor);
    else groups.push([tensor]);
    length = (joins ? length : 0) + tensor.length;
  }
  return groups.map((tensors) => {
    const size = tensors.reduce((sum, tensor) => sum + tensor.length, 0);
    const shape = tensors.length === 1 ? tensors[0]!.shape : [size];
    return { offset: tensors[0]!.offset, length: size, shape, tensors, matrices: isMatrix(tensors[0]!) };
  });
}

function isMatrix(tensor: TensorLayout): boolean {
  return tensor.shape.length > 1;
}

/** One input a segment, `prefix.0`, `prefix.1`, … */
export function segmentInputs(graph: Graph, prefix: string, segments: readonly Segment[]): Value[] {
  return segments.map((segment, i) => graph.input(`${prefix}.${i}`, segment.shape));
}

/** One output a segment, `prefix.0`, `prefix.1`, … */
export function segmentOutputs(graph: Graph, prefix: string, values: readonly Value[]): void {
  for (const [i, value] of values.entries()) graph.output(`${prefix}.${i}`, value);
}

/** The tensors of the segments by name. */
export function segmentTensors(segments: readonly Segment[], inputs: readonly Value[]): Map<string, Value> {
  const tensors = new Map<string, Value>();
  segments.forEach((segment, i) => {
    const only = segment.tensors.length === 1;
    const parts = only
      ? [inputs[i]!]
      : split(
          inputs[i]!,
          0,
          segment.tensors.map(({ length }) => length),
        );
    segment.tensors.forEach(({ name, shape }, j) => {
      tensors.set(name, only || shape.length === 1 ? parts[j]! : reshape(parts[j]!, shape));
    });
  });
  return tensors;
}

/** Tensors over the segments of a flat vector, to feed or to fetch in place. */
export function segmentFeeds(
  prefix: string,
  segments: readonly Segment[],
  vector: Float32Array,
): Record<string, Tensor> {
  return Object.fromEntries(
    segments.map(({ offset, length, shape }, i) => [
      `${prefix}.${i}`,
      floats(vector.subarray(offset, offset + length), shape),
    ]),
  );
}
