import protobuf from "protobufjs";
import type { Attribute, Dimension, ElementType, Graph, GraphNode, Value } from "./graph.js";
import type { MappedTensor } from "./mapped-tensor.js";

/** The part of onnx.proto3 (ONNX 1.18, IR version 11) that graphs here use; numbers and names are the standard's. */
const schema = `syntax = "proto3";
message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message NodeProto { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated AttributeProto attribute = 5; }
message ModelProto { int64 ir_version = 1; repeated OperatorSetIdProto opset_import = 8; string producer_name = 2; GraphProto graph = 7; }
message GraphProto { repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12; repeated ValueInfoProto value_info = 13; }
message StringStringEntryProto { string key = 1; string value = 2; }
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14; }
message TensorShapeProto { message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } } repeated Dimension dim = 1; }
message TypeProto { message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; } message Sequence { TypeProto elem_type = 1; }
  Tensor tensor_type = 1; Sequence sequence_type = 4; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }`;

const Model = protobuf.parse(schema, { keepCase: true }).root.lookupType("ModelProto");

/** The operator set of the standard that every graph uses. */
const operatorSet = 23;

const elementTypes: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };

/** The first output of every encoded graph: an empty sequence, for `CompiledGraph.run`. */
export const noTensor = "no tensor";

/**
 * Serializes a graph as an ONNX model. What no output depends on is left out; every input stays. Inputs of the names of
 * `mapped` have their values in files unless they are fed: no constants, so the graph is computed as if they were.
 */
export function encode(graph: Graph, mapped: Readonly<Record<string, MappedTensor>> = {}): Uint8Array {
  const live = liveNodes(graph);
  const used = new Set(live.flatMap((node) => node.inputs.map((value) => value.name)));
  for (const value of graph.outputs.values()) used.add(value.name);
  const names = new Map<Value, string>();
  const copies: { input: string[]; output: string[]; op_type: string; attribute: [] }[] = [];
  const produced = new Set(live.flatMap((node) => node.outputs));
  for (const [name, value] of graph.outputs) {
    if (produced.has(value) && !names.has(value)) names.set(value, name);
    else copies.push({ input: [names.get(value) ?? value.name], output: [name], op_type: "Identity", attribute: [] });
  }
  const nameOf = (value: Value): string => names.get(value) ?? value.name;
  const message = {
    ir_version: 11,
    producer_name: "bench",
    opset_import: [{ domain: "", version: operatorSet }],
    graph: {
      name: "graph",
      node: [
        ...live.map((node) => ({
          input: node.inputs.map(nameOf),
          output: node.outputs.map(nameOf),
          op_type: node.operator,
          attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
        })),
        ...copies,
        { input: [], output: [noTensor], op_type: "SequenceEmpty", attribute: [] },
      ],
      initializer: [
        ...graph.constants
          .filter(({ value }) => used.has(value.name))
          .map(({ value, bytes }) => ({
            name: value.name,
            dims: value.shape,
            data_type: elementTypes[value.type],
            raw_data: bytes,
          })),
        ...graph.inputs.flatMap(({ name }) => (mapped[name] ? [external(name, mapped[name])] : [])),
      ],
      input: graph.inputs.map((value) => information(value.name, value)),
      output: [emptySequence, ...[...graph.outputs].map(([name, value]) => information(name, value))],
      value_info: [...produced].filter((value) => !names.has(value)).map((value) => information(value.name, value)),
    },
  };
  return Model.encode(Model.create(message)).finish();
}

function external(name: string, { dims, place }: MappedTensor) {
  return {
    name,
    dims,
    data_type: elementTypes.float32,
    external_data: Object.entries(place).map(([key, value]) => ({ key, value: `${value}` })),
    data_location: 1, // by the standard: external
  };
}

const emptySequence = {
  name: noTensor,
  type: { sequence_type: { elem_type: { tensor_type: { elem_type: elementTypes.float32 } } } },
};

function liveNodes(graph: Graph): GraphNode[] {
  const needed = new Set<Value>(graph.outputs.values());
  const live: GraphNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((output) => needed.has(output))) continue;
    live.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return live.reverse();
}

function information(name: string, value: Value) {
  const dim = value.shape.map((size: Dimension) =>
    typeof size === "number" ? { dim_value: size } : { dim_param: size },
  );
  return { name, type: { tensor_type: { elem_type: elementTypes[value.type], shape: { dim } } } };
}

/** Attribute types by the standard: 1 float, 2 integer, 3 string, 7 integers. */
function encodeAttribute(name: string, value: Attribute) {
  if (typeof value === "number") return { name, type: 2, i: value };
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if ("float" in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: value };
}
