import { BenchError } from "../../harness/contract/errors.js";
import { type DecoderConfig, embeddingTensor } from "./decoder-config.js";
import { readTensor, type StoredTensor } from "./safetensors.js";

const head = "lm_head.weight";

/** Tensors that every decoder recomputes or stores twice, so that omitting them changes nothing. */
const redundant = [/\.rotary_emb\.inv_freq$/, /\.(masked_)?bias_mask$/, new RegExp(`^${head.replace(".", "\\.")}$`)];

/** Whether the weights contain a head that differs from the embedding, which a tied model would leave out. */
export function holdsOwnHead(weights: ReadonlyMap<string, StoredTensor>): boolean {
  const [own, shared] = [weights.get(head), weights.get(embeddingTensor)];
  if (own === undefined || shared === undefined) return false;
  if (own.shape.join() !== shared.shape.join()) return true;
  const [a, b] = [readTensor(own), readTensor(shared)];
  return a.some((value, index) => value !== b[index]);
}

/**
 * What to say of tensors that the model does not use: a sentence where they belong to nothing that is computed.
 *
 * @throws MODEL_INVALID where one belongs to a part that is computed, such as a bias of a layer: without it the model
 *   would be another one.
 */
export function unusedTensors(file: string, names: readonly string[], { layers }: DecoderConfig): string[] {
  const unused = names.filter((name) => !redundant.some((pattern) => pattern.test(name)));
  const matters = unused.filter((name) => {
    const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1];
    return layer === undefined ? /^(model\.(embed_tokens|norm)|lm_head)\./.test(name) : Number(layer) < layers;
  });
  if (matters.length > 0) {
    throw new BenchError(
      "MODEL_INVALID",
      `The weights contain ${listed(matters)}, which config.json does not declare.`,
      {
        at: { file },
        fix: "Take config.json and the weights from the same model, or remove the tensors if the model was trained without them.",
      },
    );
  }
  return unused.length === 0 ? [] : [`its weights contain ${listed(unused)}, which are not used`];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => JSON.stringify(name));
  return names.length > 3 ? `${shown.join(", ")} and ${names.length - 3} more tensors` : shown.join(", ");
}
