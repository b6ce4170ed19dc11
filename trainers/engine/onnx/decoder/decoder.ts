import { type DecoderConfig, embeddingTensor, linearModules } from "../../../model/decoder-config.js";
import { promptTensor } from "../../../model/prompt-files.js";
import type { Graph, Value } from "../graph/graph.js";
import {
  add,
  attend,
  concatenate,
  gather,
  linear,
  multiply,
  reshape,
  rmsNorm,
  rotate,
  scale,
  silu,
  subtract,
} from "../graph/operators/index.js";
import { ropeFrequencies } from "./rope.js";

/** A low-rank adapter in a graph (Hu et al., 2106.09685): W·x + scaling·B·A·dropout(x), or scaling·B·E·A·dropout(x). */
export interface LoraWeights {
  readonly scaling: number;
  /** Whether there is a diagonal E between B and A (AdaLoRA, 2303.10512). */
  readonly diagonal: boolean;
  /** Names of the linear modules that it adapts, such as q_proj. */
  readonly targets: ReadonlySet<string>;
  /** The factor 0 or 1/(1 − p) of each element of the module's input, where there is dropout. */
  dropout?(module: string, x: Value): Value;
}

/**
 * What a graph sees pictures by: their patches, which its own tower and projector turn into features; states of a tower,
 * which its own projector does; or features made before.
 */
export type ImageInput = "patches" | "states" | "features";

/** The projections whose heads are rotated. */
export type Heads = "queries" | "keys";

/** How one layer's attention is computed in a pass over rows: packed sequences, or one token a row on a cache. */
export interface AttentionPass {
  readonly queryRotation: Rotation;
  readonly keyRotation: Rotation;
  /** The rows that queries are computed for and that go on from the layer; all unless given. */
  readonly select?: (x: Value) => Value;
  /**
   * From rotated queries [selected rows, heads, headDimension], rotated keys [rows, keyValueHeads, headDimension] and
   * values [rows, keyValueHeads · headDimension] the attention's values, [selected rows, heads · headDimension].
   */
  attend(queries: Value, keys: Value, values: Value): Value;
}

/** The cosines and sines of rotation, [rows, 1, headDimension / 2]. */
export interface Rotation {
  readonly cosine: Value;
  readonly sine: Value;
}

/** The parts of a Llama-family decoder over the tensors that `tensor` gives by their Hugging Face names. */
export class Decoder {
  private readonly modules: ReturnType<typeof linearModules>;

  constructor(
    readonly graph: Graph,
    readonly config: DecoderConfig,
    readonly tensor: (name: string) => Value,
    readonly lora?: LoraWeights,
    /** Whether token ids from `vocabulary` on denote rows of the prompt table. */
    readonly virtualTokens = false,
    /** What pictures are seen by, where there are some among the tokens. */
    readonly images?: ImageInput,
  ) {
    this.modules = linearModules(config);
  }

  /** How rows are taken from the table of embeddings. */
  lookUp: typeof gather = gather;

  /** Token ids [rows] → their embeddings, [rows, hidden]. */
  embed(tokens: Value): Value {
    const table = this.tensor(embeddingTensor);
    if (!this.virtualTokens) return this.lookUp(table, tokens);
    const { graph, config } = this;
    const integer = (operator: string, a: Value, b: number): Value =>
      graph.node(operator, [a, graph.scalar(b, "int32")], tokens.shape);
    const isVirtual = graph.node(
      "GreaterOrEqual",
      [tokens, graph.scalar(config.vocabulary, "int32")],
      tokens.shape,
      {},
      "bool",
    );
    const mask = graph.node("Where", [isVirtual, graph.scalar(1), graph.scalar(0)], tokens.shape, {}, graph.precision);
    const column = reshape(mask, [tokens.shape[0]!, 1]);
    const own = gather(table, integer("Min", tokens, config.vocabulary - 1));
    const row = integer("Max", integer("Sub", tokens, config.vocabulary), 0);
    return add(
      multiply(own, subtract(graph.scalar(1), column)),
      multiply(gather(this.tensor(promptTensor), row), column),
    );
  }

  norm(name: string, x: Value): Value {
    return rmsNorm(x, this.tensor(`${name}.weight`), this.config.rmsEpsilon);
  }

  /** Called with the path, the input [rows, in] and the output [rows, out] of each linear module as it is built. */
  watch?: (path: string, input: Value, output: Value) => void;

  /** A linear module such as q_proj of a layer, with its bias and adapter: [rows, in] → [rows, out]. */
  project(layer: number, name: string, x: Value): Value {
    const output = this.projected(layer, name, x);
    this.watch?.(`model.layers.${layer}.${this.modules[name]!.module}`, x, output);
    return output;
  }

  private projected(layer: number, name: string, x: Value): Value {
    const { module, bias } = this.modules[name]!;
    const path = `model.layers.${layer}.${module}`;
    const base = linear(x, this.tensor(`${path}.weight`), bias ? this.tensor(`${path}.bias`) : undefined);
    if (!this.lora?.targets.has(name)) return base;
    const input = this.lora.dropout ? multiply(x, this.lora.dropout(path, x)) : x;
    const down = linear(input, this.tensor(`${path}.lora_A.weight`));
    const weighed = this.lora.diagonal ? multiply(down, this.diagonal(path)) : down;
    return add(base, scale(linear(weighed, this.tensor(`${path}.lora_B.weight`)), this.lora.scaling));
  }

  private diagonal(path: string): Value {
    const column = this.tensor(`${path}.lora_E.weight`);
    return reshape(column, [column.shape[0]!]);
  }

  feedForward(layer: number, x: Value): Value {
    const gated = multiply(silu(this.project(layer, "gate_proj", x)), this.project(layer, "up_proj", x));
    return this.project(layer, "down_proj", gated);
  }

  /** All layers and the final norm: embedded rows [rows, hidden] → hidden states of the rows that the last pass selects. */
  forward(embedded: Value, passOf: (layer: number) => AttentionPass): Value {
    let x = embedded;
    for (let layer = 0; layer < this.config.layers; layer++) x = this.layer(layer, x, passOf(layer));
    return this.norm("model.norm", x);
  }

  /** One layer on rows [rows, hidden]. */
  protected layer(layer: number, x: Value, pass: AttentionPass): Value {
    const path = `model.layers.${layer}`;
    const residual = pass.select?.(x) ?? x;
    const attention = this.attention(layer, this.norm(`${path}.input_layernorm`, x), pass);
    const middle = add(residual, this.project(layer, "o_proj", attention));
    return add(middle, this.feedForward(layer, this.norm(`${path}.post_attention_layernorm`, middle)));
  }

  /** Projections, rotation and attention of a layer, from normalized rows. */
  protected attention(layer: number, normalized: Value, pass: AttentionPass): Value {
    const query = this.project(layer, "q_proj", pass.select?.(normalized) ?? normalized);
    const key = this.project(layer, "k_proj", normalized);
    const value = this.project(layer, "v_proj", normalized);
    const queries = rotate(this.heads(layer, "queries", query), pass.queryRotation.cosine, pass.queryRotation.sine);
    const keys = rotate(this.heads(layer, "keys", key), pass.keyRotation.cosine, pass.keyRotation.sine);
    return pass.attend(queries, keys, value);
  }

  /** Projected queries or keys of a layer, [rows, heads · headDimension] → [rows, heads, headDimension]. */
  protected heads(_layer: number, _kind: Heads, x: Value): Value {
    const { headDimension } = this.config;
    return reshape(x, [x.shape[0]!, (x.shape[1] as number) / headDimension, headDimension]);
  }

  /** Final hidden states [rows, hidden], after `model.norm`, → logits [rows, vocabulary]. */
  logits(hidden: Value): Value {
    return linear(hidden, this.tensor(this.config.tied ? embeddingTensor : "lm_head.weight"));
  }

  /** The rotation at float positions [...]: cosine and sine [..., headDimension / 2]. */
  rotation(positions: Value): Rotation {
    const { graph } = this;
    const frequencies = ropeFrequencies(this.config);
    const column = reshape(positions, [...positions.shape, 1]);
    const shape = [...positions.shape, frequencies.length];
    const angles = graph.node("Mul", [column, graph.constant(frequencies)], shape);
    return { cosine: graph.node("Cos", [angles], shape), sine: graph.node("Sin", [angles], shape) };
  }

  /** The rotation for queries, which carries attention's factor 1/√headDimension. */
  queryRotation({ cosine, sine }: Rotation): Rotation {
    const factor = 1 / Math.sqrt(this.config.headDimension);
    return { cosine: scale(cosine, factor), sine: scale(sine, factor) };
  }

  /** 1 where the key at a position may be seen from the query's, else 0: [..., keys] for query positions [...]. */
  causalMask(queryPositions: Value, keyPositions: Value): Value {
    const { graph } = this;
    const shape = [...queryPositions.shape, keyPositions.shape[0]!];
    const column = reshape(queryPositions, [...queryPositions.shape, 1]);
    const visible = graph.node("LessOrEqual", [keyPositions, column], shape, {}, "bool");
    return graph.node("Where", [visible, graph.scalar(1), graph.scalar(0)], shape, {}, graph.precision);
  }

  /** The positions [..., queries] of a group's queries one after another: [..., group · queries]. */
  grouped(positions: Value): Value {
    const { heads, keyValueHeads } = this.config;
    const group = heads / keyValueHeads;
    if (group === 1) return positions;
    const copies = Array.from({ length: group }, () => positions);
    return concatenate(copies, positions.rank - 1, `${group} × ${positions.shape.at(-1)}`);
  }

  /**
   * Grouped-query attention: queries [sequences, heads, queries, d], rotated and scaled; keys (rotated) and values
   * [sequences, keyValueHeads, keys, d]; the mask, of grouped positions, broadcasts against
   * [sequences, keyValueHeads, group · queries, keys].
   */
  attendGrouped(queries: Value, keys: Value, values: Value, mask: Value): Value {
    const { heads, keyValueHeads, headDimension } = this.config;
    const group = heads / keyValueHeads;
    if (group === 1) return attend(queries, keys, values, mask);
    const grouped = [queries.shape[0]!, keyValueHeads, mask.shape.at(-2)!, headDimension];
    return reshape(attend(reshape(queries, grouped), keys, values, mask), queries.shape);
  }
}
