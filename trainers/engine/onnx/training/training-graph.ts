import { type DecoderConfig, embeddingTensor } from "../../../model/decoder-config.js";
import { isOfTower, isOfVision } from "../../../model/vision/vision-config.js";
import type { PromptOptions } from "../../contract.js";
import { Decoder, type ImageInput, type LoraWeights } from "../decoder/decoder.js";
import { packedForward } from "../decoder/packed-forward.js";
import { differentiate } from "../graph/differentiate.js";
import { Graph, type Value } from "../graph/graph.js";
import { add, crossEntropy, lookUp, multiply, total, zeros } from "../graph/operators/index.js";
import type { AdapterForm } from "../parameters/lora-adapter.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import { type Segment, segmentInputs, segmentOutputs, segmentsOf, segmentTensors } from "../parameters/segments.js";
import type { UpdateForm } from "./adamw.js";
import { attentionTerm } from "./attention-term.js";
import { embeddedGradient } from "./embedded-apart.js";
import { type ParameterTerm, parameterTerm } from "./parameter-terms.js";
import { quadratic } from "./quadratic.js";
import { type RowTerm, rowTerm } from "./row-terms.js";
import { appendUpdate } from "./update-graph.js";

/** An adapter's form in training. */
export interface LoraForm extends AdapterForm {
  readonly dropout: boolean;
}

/** What a training graph computes. As JSON it is the graph's signature, together with the trainable layout. */
export interface TrainingForm {
  /** The name of an architecture that is no plain decoder. */
  readonly architecture?: string;
  readonly config: DecoderConfig;
  readonly lora: LoraForm | null;
  /** The sizes of the prompt table, where there is one. */
  readonly prompts?: PromptOptions;
  readonly languageModeling: boolean;
  /** The kinds of the further terms over texts, in order. */
  readonly rowTerms?: readonly RowTerm["kind"][];
  /** How many terms over attention probabilities. */
  readonly attentionTerms?: number;
  /** The kinds of the terms over the trained tensors themselves. */
  readonly parameterTerms?: readonly ParameterTerm["kind"][];
  /** How many quadratic terms. */
  readonly quadratics: number;
  /** What images are seen by, where the texts have some. */
  readonly images?: ImageInput;
  /** Whether the gradient of the embeddings that the tokens take is an output of its own, which the table's gradient lacks. */
  readonly embeddedApart?: boolean;
  /** Values alone; the texts' logits; the gradient, alone or added to a sum; its square or magnitude added to one; the whole step. */
  readonly result: "values" | "logits" | "gradient" | "sum" | keyof typeof summands | UpdateForm;
}

/** What of a gradient is added to a sum. */
const summands = {
  square: (gradient: Value) => multiply(gradient, gradient),
  magnitude: (gradient: Value) => gradient.graph.node("Abs", [gradient], gradient.shape),
};

/** What computes the graph's values; `decoder` is that of `form.architecture`. */
export interface GraphOptions {
  precision?: Graph["precision"];
  decoder?: typeof Decoder;
}

/**
 * The graph of an objective over the trainable parameters: inputs `parameters.*` (segments), every frozen tensor by its
 * name, those of `packedForward` (with images) with `labels` and `seeds` per selected row (the weight of its nll in the objective),
 * those of `attentionTerm` and `parameterTerm`, and per quadratic term i `anchor.i.*`, `importance.i.*`, `weight.i` [1]. Outputs: `nll` per
 * selected row, `quadratic.i` (values before weighing) and, by result, `gradient.*`, `next.sum.*` or those of
 * `appendUpdate`; where it is apart `gradient.embedded`, [token rows, hidden].
 */
export function trainingGraph(
  form: TrainingForm,
  trainable: ParameterStore,
  frozen: ParameterStore,
  { precision = "float32", decoder = Decoder }: GraphOptions = {},
): Graph {
  const graph = new Graph(precision);
  const segments = segmentsOf(trainable);
  const parameters = segmentInputs(graph, "parameters", segments);
  const isSummed = form.result === "sum" || form.result === "square" || form.result === "magnitude";
  const sums = isSummed ? segmentInputs(graph, "sum", segments) : [];
  let gradients: Value[] | undefined;
  const reported: Value[] = [];

  const tensors = segmentTensors(segments, parameters);
  const objectives: Value[] = [];
  let embedded: Value | undefined;
  if (form.languageModeling || form.rowTerms || form.attentionTerms) {
    const found = texts(graph, form, tensors, frozen, decoder);
    objectives.push(found.objective);
    embedded = found.embedded;
  }
  for (const kind of form.parameterTerms ?? []) objectives.push(parameterTerm(graph, kind, tensors));
  reported.push(...objectives);
  if (objectives.length > 0 && !isForward(form.result)) {
    const seen = [...segments.keys()].filter((i) => !isUnseen(segments[i]!, form));
    const of = (values: readonly Value[]) => seen.map((i) => values[i]!);
    const wanted = [...of(parameters), ...(embedded ? [embedded] : [])];
    const own = differentiate(objectives.reduce(add), wanted, form.result === "sum" ? of(sums) : []);
    if (embedded) graph.output(embeddedGradient, own.at(-1)!);
    const none = (i: number) => (form.result === "sum" ? sums[i]! : zeros(graph, segments[i]!.shape));
    gradients = segments.map((_, i) => own[seen.indexOf(i)] ?? none(i));
  }
  for (let term = 0; term < form.quadratics; term++) {
    const { value, forces } = quadratic(graph, term, segments, parameters);
    graph.output(`quadratic.${term}`, value);
    reported.push(value);
    gradients = forces.map((force, i) => graph.sum(gradients?.[i], force));
  }
  if (isForward(form.result)) return graph;
  if (gradients === undefined) throw new RangeError("An objective needs a term.");
  if (form.result === "gradient") segmentOutputs(graph, "gradient", gradients);
  else if (form.result === "sum") segmentOutputs(graph, "next.sum", gradients);
  else if (typeof form.result === "string") {
    const own = summands[form.result];
    const next = gradients.map((gradient, i) => add(sums[i]!, own(gradient)));
    segmentOutputs(graph, "next.sum", next);
  } else appendUpdate(graph, form.result, segments, parameters, gradients, reported);
  return graph;
}

/** The weighted sum of the terms over texts, which share one forward pass, and the embeddings whose gradient is apart. */
function texts(
  graph: Graph,
  form: TrainingForm,
  tensors: ReadonlyMap<string, Value>,
  frozen: ParameterStore,
  DecoderClass: typeof Decoder,
): { objective: Value; embedded: Value | undefined } {
  const inputs = new Map<string, Value>();
  const tensor = (name: string): Value => {
    const known = tensors.get(name) ?? inputs.get(name);
    if (known) return known;
    const input = graph.input(name, frozen.layout(name).shape);
    inputs.set(name, input);
    return input;
  };
  const lora: LoraWeights | undefined = form.lora
    ? {
        ...form.lora,
        targets: new Set(form.lora.targets),
        dropout: form.lora.dropout ? (module, x) => graph.input(`dropout.${module}`, x.shape) : undefined,
      }
    : undefined;
  const decoder = new DecoderClass(graph, form.config, tensor, lora, form.prompts !== undefined, form.images);
  let embedded: Value | undefined;
  if (form.embeddedApart) {
    decoder.lookUp = (table, tokens) => {
      embedded = lookUp(table, tokens);
      return embedded;
    };
  }
  const { attentionTerms = 0 } = form;
  const forward = packedForward(decoder, attentionTerms > 0);
  const { hidden } = forward;
  const rows = hidden.shape[0]!;
  const logits = decoder.logits(hidden);
  if (form.result === "logits") graph.output("logits", logits);
  const objectives: Value[] = [];
  if (form.languageModeling) {
    const nll = crossEntropy(logits, graph.input("labels", [rows], "int32"));
    graph.output("nll", nll);
    objectives.push(total(multiply(nll, graph.input("seeds", [rows]))));
  }
  for (const [i, kind] of form.rowTerms?.entries() ?? []) objectives.push(rowTerm(graph, kind, i, logits));
  for (let i = 0; i < attentionTerms; i++) objectives.push(attentionTerm(decoder, i, forward));
  return { objective: objectives.reduce(add), embedded };
}

/** Whether nothing depends on a segment: a table of embeddings alone, tower and projector, as far as the graph has none. */
function isUnseen({ tensors }: Segment, { config, embeddedApart, images }: TrainingForm): boolean {
  if (embeddedApart && !config.tied && tensors[0]!.name === embeddingTensor) return true;
  const isOutside = images === "states" ? isOfTower : isOfVision;
  return images !== "patches" && tensors.every(({ name }) => isOutside(name));
}

function isForward(result: TrainingForm["result"]): result is "values" | "logits" {
  return result === "values" || result === "logits";
}
