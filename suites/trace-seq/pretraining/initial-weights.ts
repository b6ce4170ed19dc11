import { type RandomStream, random } from "../../../harness/contract/random.js";

/** The shape of the base model: a Qwen2 with tied embeddings and as many key heads as query heads. */
export interface ModelShape {
  vocabulary: number;
  hidden: number;
  layers: number;
  heads: number;
  intermediate: number;
  contextLength: number;
  ropeTheta: number;
}

/** A named weight, row by row. Linear layers are [outputs, inputs]. */
export interface InitialTensor {
  name: string;
  shape: number[];
  values: Float32Array;
}

/** How strongly the first layer's heads look at their fixed offset: bias of queries and keys. */
const offsetSharpness = 6.5;
/** Rotary frequencies, from the fastest, that distinguish nearby offsets; the slower ones hardly turn within a context. */
const fastFrequencies = 4;
/** Heads of the first layer with a fixed offset: −1, −2, −3. */
const offsetHeads = 3;

/**
 * Random weights with the beginnings of induction (Olsson et al., 2209.11895) wired in, so that copying in context
 * forms within hundreds of steps rather than thousands. Heads of layer 0 look 1, 2 and 3 tokens back, by biases that
 * the rotary embedding turns into offsets, and write the token found there into a subspace each; two heads of layer 1
 * look for places whose preceding token is the present one and copy from there. All of it is trained like any weight.
 */
export function initialWeights(shape: ModelShape, seed: number): InitialTensor[] {
  const tensors = randomWeights(shape, random({ seed, stream: "initial-weights" }));
  wireInduction(shape, tensors, random({ seed, stream: "induction" }));
  return [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
}

type Tensors = Map<string, { shape: number[]; values: Float32Array }>;

function randomWeights({ vocabulary, hidden, layers, intermediate }: ModelShape, stream: RandomStream): Tensors {
  const tensors: Tensors = new Map();
  const normal = (name: string, size: number[], deviation: number) => {
    const values = Float32Array.from({ length: size.reduce((a, b) => a * b) }, () => stream.normal() * deviation);
    tensors.set(name, { shape: size, values });
  };
  const constant = (name: string, value: number) =>
    tensors.set(name, { shape: [hidden], values: new Float32Array(hidden).fill(value) });
  const residual = 0.1 / Math.sqrt(2 * layers);
  const within = 1 / Math.sqrt(hidden);
  normal("model.embed_tokens.weight", [vocabulary, hidden], 0.1);
  for (let layer = 0; layer < layers; layer++) {
    const path = `model.layers.${layer}`;
    for (const projection of ["q_proj", "k_proj", "v_proj"]) {
      normal(`${path}.self_attn.${projection}.weight`, [hidden, hidden], within);
      if (projection === "v_proj") constant(`${path}.self_attn.v_proj.bias`, 0);
      else normal(`${path}.self_attn.${projection}.bias`, [hidden], 1);
    }
    normal(`${path}.self_attn.o_proj.weight`, [hidden, hidden], within * residual);
    normal(`${path}.mlp.gate_proj.weight`, [intermediate, hidden], within);
    normal(`${path}.mlp.up_proj.weight`, [intermediate, hidden], within);
    normal(`${path}.mlp.down_proj.weight`, [hidden, intermediate], residual / Math.sqrt(intermediate));
    constant(`${path}.input_layernorm.weight`, 1);
    constant(`${path}.post_attention_layernorm.weight`, 1);
  }
  constant("model.norm.weight", 1);
  return tensors;
}

function wireInduction({ hidden, heads, ropeTheta }: ModelShape, tensors: Tensors, stream: RandomStream): void {
  const size = hidden / heads;
  const half = size / 2;
  const values = (layer: number, name: string) => tensors.get(`model.layers.${layer}.self_attn.${name}`)!.values;
  const row = (weights: Float32Array, index: number) => weights.subarray(index * hidden, (index + 1) * hidden);
  const basis = orthonormalRows(hidden, offsetHeads * size + size, stream);
  /** Row `index` of the subspace for the token `offset` places back; 0 is the token itself. */
  const direction = (offset: number, index: number) => basis[offset * size + index]!;

  const [queries, keys, content, output] = ["q_proj", "k_proj", "v_proj", "o_proj"].map((name) =>
    values(0, `${name}.weight`),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const [queryBias, keyBias] = [values(0, "q_proj.bias"), values(0, "k_proj.bias")];
  for (let head = 0; head < offsetHeads; head++) {
    const start = head * size;
    const offset = head + 1;
    queryBias.fill(0, start, start + size);
    keyBias.fill(0, start, start + size);
    for (let i = 0; i < fastFrequencies; i++) {
      const angle = -offset * ropeTheta ** (-i / half);
      keyBias[start + i] = offsetSharpness;
      queryBias[start + i] = offsetSharpness * Math.cos(angle);
      queryBias[start + half + i] = offsetSharpness * Math.sin(angle);
    }
    for (let i = 0; i < size; i++) {
      for (let column = 0; column < hidden; column++) {
        row(queries, start + i)[column]! *= 0.1;
        row(keys, start + i)[column]! *= 0.1;
        row(content, start + i)[column] = direction(0, i)[column]!;
        row(output, column)[start + i] = 0.15 * direction(offset, i)[column]!;
      }
    }
  }

  const [matchQueries, matchKeys] = [values(1, "q_proj.weight"), values(1, "k_proj.weight")];
  values(1, "q_proj.bias").fill(0);
  values(1, "k_proj.bias").fill(0);
  const slow = half - fastFrequencies;
  for (let head = 0; head < 2; head++) {
    for (let i = 0; i < size; i++) {
      row(matchQueries, head * size + i).fill(0);
      row(matchKeys, head * size + i).fill(0);
    }
    for (let i = 0; i < slow; i++) {
      const first = head * size + fastFrequencies + i;
      row(matchQueries, first).set(direction(head, i));
      row(matchKeys, first).set(direction(head + 1, i));
      const earlier = head === 0 ? 0 : 2;
      row(matchQueries, first + half).set(direction(earlier, slow + i));
      row(matchKeys, first + half).set(direction(earlier + 1, slow + i));
    }
  }
  const [found, copied] = [values(1, "v_proj.weight"), values(1, "o_proj.weight")];
  for (let i = 0; i < hidden; i++) {
    for (let column = 0; column < hidden; column++) row(copied, column)[i] = 0.1 * row(found, i)[column]!;
  }
}

/** Random directions at right angles to each other (Gram–Schmidt). */
function orthonormalRows(length: number, count: number, stream: RandomStream): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < count) {
    const candidate = Float64Array.from({ length }, () => stream.normal());
    for (const known of rows) {
      const projection = dot(candidate, known);
      for (let i = 0; i < length; i++) candidate[i]! -= projection * known[i]!;
    }
    const norm = Math.sqrt(dot(candidate, candidate));
    rows.push(candidate.map((value) => value / norm));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
