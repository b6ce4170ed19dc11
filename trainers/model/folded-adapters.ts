import { type AdapterBase, baseOf, openAdapter, saveAdapter } from "./peft.js";
import { type Adapter, concatenateAdapters, rankOf, sliceAdapter } from "./stacked-adapter.js";

/**
 * The adapters that were folded into a model's weights, oldest first. What is trained on top is saved with them as one
 * adapter on the model's files, so that it opens without the intermediate model, here and in PEFT.
 */
export class FoldedAdapters {
  /** Null once the weights changed in another way: no adapter leads from the files to them. */
  #adapters: Adapter[] | null = [];

  get rank(): number {
    return rankOf(this.#adapters ?? []);
  }

  /** Whether the weights changed in another way than by adapters. */
  get lost(): boolean {
    return this.#adapters === null;
  }

  add(adapters: readonly Adapter[]): void {
    this.#adapters?.push(...adapters);
  }

  /** The weights were changed in another way. */
  lose(): void {
    this.#adapters = null;
  }

  /** Writes adapters that act together, with those beneath them. */
  save(directory: string, adapters: readonly Adapter[], base: AdapterBase): void {
    const { options, tensors } = concatenateAdapters([...(this.#adapters ?? []), ...adapters]);
    saveAdapter(directory, options, tensors, { ...base, inherited: this.rank });
  }

  /** Reads what `save` wrote, without those beneath; `own` are the names of the tensors where they are known. */
  open(directory: string, own?: ReadonlySet<string>): Adapter {
    const whole = openAdapter(directory);
    const { rank } = this;
    if (rank === 0 || baseOf(directory).inherited !== rank) return whole;
    const { options, tensors } = sliceAdapter(whole, rank, whole.options.rank - rank);
    return { options, tensors: tensors.filter(({ name }) => own?.has(name) ?? true) };
  }
}
