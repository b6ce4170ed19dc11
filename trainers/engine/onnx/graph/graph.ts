/** What a value's elements are. `float64` serves gradient checks; models run in `float32`. */
export type ElementType = "float32" | "float64" | "int32" | "int64" | "bool";

/** A known size, or the name of one that is known only when the graph runs. Equal names are equal sizes. */
export type Dimension = number | string;

export type Attribute = number | { readonly float: number } | string | readonly number[];

/** A tensor in a graph, made by `Graph` and the operators. */
export class Value {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly type: ElementType,
    readonly shape: readonly Dimension[],
  ) {}

  get rank(): number {
    return this.shape.length;
  }
}

export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Constant {
  readonly value: Value;
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

/** How the gradient of an operation's outputs becomes that of one input. */
export interface Pullback {
  readonly input: Value;
  /**
   * Adds this operation's share to what later operations gave (`accumulated`), or begins the sum. `gradients` has one
   * entry an output, undefined where nothing depends on that output.
   */
  readonly accumulate: (gradients: readonly (Value | undefined)[], accumulated: Value | undefined) => Value;
}

/** The gradient of one input from that of the only output; with `into`, added to what later operations gave already. */
export type GradientRule =
  | ((gradient: Value) => Value)
  | { readonly into: (gradient: Value, accumulated: Value | undefined) => Value };

/** A differentiable operation: one or more nodes with the rules that `differentiate` applies in reverse. */
export interface Operation {
  readonly outputs: readonly Value[];
  readonly pullbacks: readonly Pullback[];
}

/** The arrays that hold elements of a type. */
export const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/**
 * A graph of ONNX operators, written in the order in which it can run. Operators (the functions in `operators/`) append
 * nodes, infer shapes and record how to differentiate; `differentiate` appends the gradient; `encode` prunes and
 * serializes.
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly constants: Constant[] = [];
  readonly nodes: GraphNode[] = [];
  readonly operations: Operation[] = [];
  readonly outputs = new Map<string, Value>();
  /** What a reshaped value was before: a reshape of it need not pass through it. */
  readonly unshaped = new Map<Value, Value>();
  private readonly sharedConstants = new Map<string, Value>();
  private readonly sizes = new Map<string, Value>();
  private count = 0;

  constructor(readonly precision: "float32" | "float64" = "float32") {}

  input(name: string, shape: readonly Dimension[], type: ElementType = this.precision): Value {
    const value = new Value(this, name, type, shape);
    this.inputs.push(value);
    return value;
  }

  /** A constant tensor; equal ones are stored once. Without a shape: one dimension. */
  constant(
    values: readonly number[] | Float32Array | Float64Array,
    shape: readonly number[] = [values.length],
    type: ElementType = this.precision,
  ): Value {
    const typed =
      type === "int64" ? BigInt64Array.from(values as number[], BigInt) : arrays[type].from(values as number[]);
    const bytes = new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
    const key = bytes.length <= 64 ? `${type}|${shape}|${bytes}` : undefined;
    const known = key === undefined ? undefined : this.sharedConstants.get(key);
    if (known) return known;
    const value = new Value(this, this.name("constant"), type, shape);
    this.constants.push({ value, bytes });
    if (key !== undefined) this.sharedConstants.set(key, value);
    return value;
  }

  scalar(value: number, type: ElementType = this.precision): Value {
    return this.constant([value], [], type);
  }

  /** Appends a node with several outputs. */
  append(
    operator: string,
    inputs: readonly Value[],
    outputs: readonly { type: ElementType; shape: readonly Dimension[] }[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value[] {
    const values = outputs.map(({ type, shape }) => new Value(this, this.name(operator), type, shape));
    this.nodes.push({ operator, inputs, outputs: values, attributes });
    return values;
  }

  /** Appends a node with one output, by default of the first input's type. */
  node(
    operator: string,
    inputs: readonly Value[],
    shape: readonly Dimension[],
    attributes: Readonly<Record<string, Attribute>> = {},
    type: ElementType = inputs[0]!.type,
  ): Value {
    return this.append(operator, inputs, [{ type, shape }], attributes)[0]!;
  }

  /** Records how to differentiate `output`; one rule an input through which a gradient can flow. */
  differentiable(output: Value, rules: readonly (readonly [Value, GradientRule])[]): Value {
    if (this.unshaped.has(output)) throw new RangeError("A gradient would bypass the rule of a reshaped output.");
    const pullbacks = rules.map(([input, rule]) => ({
      input,
      accumulate: ([gradient]: readonly (Value | undefined)[], accumulated: Value | undefined): Value =>
        typeof rule === "function" ? this.sum(accumulated, rule(gradient!)) : rule.into(gradient!, accumulated),
    }));
    this.operations.push({ outputs: [output], pullbacks });
    return output;
  }

  /** Adds a share to a sum that may not have begun. */
  sum(accumulated: Value | undefined, share: Value): Value {
    return accumulated ? this.node("Add", [accumulated, share], share.shape) : share;
  }

  /** Names a value that the caller of the compiled graph can fetch. */
  output(name: string, value: Value): void {
    this.outputs.set(name, value);
  }

  /** The size of a symbolic dimension as an int64 vector of one element, read from the first input that has it. */
  size(dimension: string): Value {
    const known = this.sizes.get(dimension);
    if (known) return known;
    const source = this.inputs.find((input) => input.shape.includes(dimension));
    if (!source) throw new RangeError(`No input of the graph has the dimension ${dimension}.`);
    const start = source.shape.indexOf(dimension);
    const value = this.node("Shape", [source], [1], { start, end: start + 1 }, "int64");
    this.sizes.set(dimension, value);
    return value;
  }

  private name(prefix: string): string {
    this.count++;
    return `${prefix.toLowerCase()}_${this.count}`;
  }
}
