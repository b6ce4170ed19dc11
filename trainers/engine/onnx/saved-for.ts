import { type Checkpoint, digestModel, readTensors } from "../../model/checkpoint.js";
import { misfit } from "../../model/fit-tensors.js";
import type { FoldedAdapters } from "../../model/folded-adapters.js";
import type { AdapterBase } from "../../model/peft.js";
import { type Adapter, divideAdapter } from "../../model/stacked-adapter.js";
import type { Vector } from "../contract.js";
import { fillStore, piecesOf, tensorsOf } from "./parameters/store-tensors.js";
import type { TrainableDecoder } from "./training/trainable-decoder.js";

/**
 * The model that adapters and prompts are saved for. Adapters: that of the files where only adapters were folded into it,
 * else as it is now. Prompts, which cannot contain those adapters: as it is now, without a name once no files lead to it.
 */
export class SavedFor {
  /** From when it was first asked for until the base changes. */
  #digest: string | undefined;

  /** @param location what was opened: the checkpoint's directory, or `base::adapter`. */
  constructor(
    private readonly checkpoint: Checkpoint,
    private readonly location: string,
    private readonly folded: FoldedAdapters,
  ) {}

  /** To be called after the base changed. */
  forget(): void {
    this.#digest = undefined;
  }

  /** To be called before the base is changed by adapters that stay apart from it. */
  base({ base, prompts }: Pick<TrainableDecoder, "base" | "prompts">): AdapterBase {
    const { checkpoint, folded, location } = this;
    const onFiles = prompts === null && folded.rank > 0;
    this.#digest ??= digestModel(checkpoint, onFiles ? readTensors(checkpoint) : piecesOf(base));
    const directory = prompts === null ? checkpoint.directory : folded.lost ? null : location;
    return { directory, digest: this.#digest, sees: checkpoint.config.vision !== undefined };
  }
}

/** The adapters that act, oldest first; the last one with `weights` in place of its own. */
export function adaptersOf({ adapter, earlier, vectors }: TrainableDecoder, weights?: Vector): Adapter[] {
  const values = weights && vectors.values(weights, adapter!.store.length);
  const last = { options: adapter!.options, tensors: tensorsOf(adapter!.store, values) };
  return [...earlier.map(({ options, store }) => ({ options, tensors: tensorsOf(store) })), last];
}

/** Reads adapters of files into a model, each on the one before, by `stack`. Throws MODEL_INVALID where they do not fit. */
export async function loadAdapter(
  decoder: TrainableDecoder,
  folded: FoldedAdapters,
  directory: string,
  stack: () => Promise<void>,
): Promise<void> {
  if (decoder.earlier.length > 0) throw misfit("A model with a stack of adapters", directory);
  const names = decoder.adapter?.store.tensors.map(({ name }) => name);
  const whole = folded.open(directory, names && new Set(names));
  if (decoder.adapter === null) decoder.adapt(whole.options, 0);
  for (const [i, { tensors }] of divideAdapter(whole, decoder.adapter!.options.rank).entries()) {
    if (i > 0) await stack();
    fillStore(decoder.trainable, tensors, directory);
  }
}
