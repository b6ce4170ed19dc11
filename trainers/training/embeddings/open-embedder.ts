import { nullable } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Vector } from "../../engine/contract.js";
import { type Embedder, normalized } from "./embedder.js";

/** Option of every method that compares texts. */
export const embedderOption = nullable(
  Type.String({
    format: "sentence-model",
    default: null,
    description:
      "A sentence-embedding model in ONNX: a directory or hf://owner/name with model.onnx (or onnx/model.onnx) and tokenizer.json. By default the mean-pooled states of the base model.",
  }),
);

/** The sentence model that a reference names, or else a model's own mean-pooled states with the given weights. */
export async function openEmbedder(reference: string | null, model: Model, weights?: Vector): Promise<Embedder> {
  if (reference === null) return ownStates(model, weights);
  const { openSentenceModel } = await import("./sentence-model.js");
  return openSentenceModel(reference);
}

/** The mean over the tokens of a model's last hidden states. A text beyond its context loses its end. */
export function ownStates(model: Model, weights?: Vector): Embedder {
  return async (texts) => {
    const requests = texts.map((text, index) => {
      const tokens = model.tokenizer.encode(text).slice(0, model.contextLength);
      return {
        id: `${index}`,
        tokens: tokens.length > 0 ? tokens : [model.tokenizer.endToken],
        ...(weights && { weights }),
      };
    });
    return (await model.embed(requests)).map(normalized);
  };
}
