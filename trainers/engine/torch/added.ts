import type { Architecture } from "../../model/architecture.js";
import { digestOfWeights } from "../../model/base-digest.js";
import { fitTensors, misfit } from "../../model/fit-tensors.js";
import { FoldedAdapters } from "../../model/folded-adapters.js";
import type { AdapterBase } from "../../model/peft.js";
import { keysOf, openPrompts, savePromptRows, savePrompts } from "../../model/prompt-files.js";
import type { NamedTensor } from "../../model/safetensors.js";
import { type Adapter, divideAdapter } from "../../model/stacked-adapter.js";
import type { AdapterOptions, Model, PromptOptions, Vector } from "../contract.js";
import { startAdapter } from "../starts.js";

/** The model that parameters are added to, and what their files say of it. */
type Base = Pick<Model, "trainable" | "snapshot" | "restore" | "read" | "write" | "free" | "adapt" | "stack">;
interface BaseFacts {
  directory: string;
  /** What was opened: the directory, or `base::adapter`. */
  location: string;
  hidden: number;
  heads: number;
  layers: number;
  /** Those whose adapters a format opens. */
  architectures: readonly Architecture[];
  /** Whether it is a LLaVA model. */
  sees: boolean;
}

/** What is trained in place of the base: adapters, or a prompt table. Where they start, and their files. */
export class AddedParameters {
  prompts: PromptOptions | undefined;
  private adapter: AdapterOptions | undefined;
  /** Adapters beneath the one that is trained, oldest first. */
  private readonly earlier: Adapter[] = [];
  private readonly folded = new FoldedAdapters();
  /** Of the base as it was when it was frozen, where its files have other weights. */
  private digest: string | undefined;

  constructor(
    private readonly base: Base,
    private readonly facts: BaseFacts,
  ) {}

  /** Whether the base is frozen. */
  get any(): boolean {
    return this.adapter !== undefined || this.prompts !== undefined;
  }

  /** What determines the answers besides the tensors. */
  get form(): object | null {
    return this.adapter ?? this.prompts ?? null;
  }

  /** Parameters that are added, of which `trained` are those of the last adapter. */
  count(trained: number): number {
    return this.any ? trained * (1 + this.earlier.length) : 0;
  }

  /** To be called before an adapter is added: those that were folded into the base are saved with it. */
  async beforeAdapter(): Promise<void> {
    this.digest = this.folded.lost ? this.digestOf(await this.tensors()) : undefined;
  }

  /** To be called before prompts are added. */
  async beforePrompts(): Promise<void> {
    const changed = this.folded.lost || this.folded.rank > 0;
    this.digest = changed ? this.digestOf(await this.tensors()) : undefined;
  }

  /** Sets the adapter that was just added to where it starts. */
  async startAdapter(options: AdapterOptions, seed: number): Promise<void> {
    this.adapter = options;
    const tensors = await this.tensors();
    const place = this.earlier.length || undefined;
    for (const { name, values: down } of tensors) {
      const path = /^(.*)\.lora_A\.weight$/.exec(name)?.[1];
      if (path === undefined) continue;
      const up = tensors.find((tensor) => tensor.name === `${path}.lora_B.weight`)!.values;
      startAdapter(options, { path, down, up }, seed, place);
    }
    for (const { name, values } of tensors) {
      if (name.endsWith(options.kind === "adalora" ? "lora_E.weight" : "lora_B.weight")) values.fill(0);
    }
    await this.set(tensors);
  }

  /** Keeps what the adapter is that another one is to be put on. */
  async beforeStack(): Promise<void> {
    if (this.adapter !== undefined) this.earlier.push({ options: this.adapter, tensors: await this.tensors() });
  }

  async startStacked(seed: number): Promise<void> {
    await this.startAdapter(this.adapter!, seed);
  }

  /** To be called before the adapters become part of the base. */
  async beforeMerge(): Promise<void> {
    await this.beforeStack();
    this.folded.add(this.earlier.splice(0));
    this.adapter = undefined;
  }

  /** To be called before what is trained changes: the base is, where nothing was added to it. */
  beforeChange(): void {
    if (!this.any) this.folded.lose();
  }

  async save(directory: string, weights?: Vector): Promise<void> {
    const { adapter, facts } = this;
    const tensors = await this.tensors(weights);
    if (adapter === undefined) return savePrompts(directory, facts, tensors, this.savedFor());
    this.folded.save(directory, [...this.earlier, { options: adapter, tensors }], this.savedFor());
  }

  async loadAdapter(directory: string): Promise<void> {
    if (this.earlier.length > 0) throw misfit("A model with a stack of adapters", directory);
    const names = this.adapter && (await this.base.trainable()).layout.map(({ name }) => name);
    const whole = this.folded.open(directory, names && new Set(names));
    if (this.adapter === undefined) await this.base.adapt(whole.options, 0);
    for (const [i, { tensors }] of divideAdapter(whole, this.adapter!.rank).entries()) {
      if (i > 0) await this.base.stack(0);
      await this.fill(tensors, directory);
    }
  }

  async loadPrompts(directory: string): Promise<void> {
    await this.fill(openPrompts(directory), directory);
  }

  async savePrompts(directory: string, start: number, count: number): Promise<void> {
    savePromptRows(directory, this.facts, await this.tensors(), { start, count }, this.savedFor());
  }

  async promptKeys(): Promise<Float32Array[]> {
    return this.prompts?.keys ? keysOf(await this.tensors()) : [];
  }

  /** The model that is saved for, as in the embedded engine; without a digest where that cannot open it. */
  private savedFor(): AdapterBase {
    const { directory, location } = this.facts;
    this.digest ??= this.digestOf();
    const named = this.prompts === undefined ? directory : this.folded.lost ? null : location;
    return { directory: named, ...(this.digest !== undefined && { digest: this.digest }), sees: this.facts.sees };
  }

  private digestOf(tensors?: readonly NamedTensor[]): string | undefined {
    return digestOfWeights(this.facts.directory, this.facts.architectures, tensors);
  }

  /** What is trained, or a vector over it. */
  private async tensors(weights?: Vector): Promise<NamedTensor[]> {
    const { layout } = await this.base.trainable();
    const vector = weights ?? (await this.base.snapshot());
    const values = await this.base.read(vector);
    if (weights === undefined) await this.base.free(vector);
    return layout.map(({ name, shape, offset, length }) => {
      return { name, shape, values: values.subarray(offset, offset + length) };
    });
  }

  private async fill(tensors: readonly NamedTensor[], directory: string): Promise<void> {
    await this.set(fitTensors((await this.base.trainable()).layout, tensors, directory));
  }

  /** Sets what is trained, from all its tensors in order. */
  private async set(tensors: readonly NamedTensor[]): Promise<void> {
    const whole = new Float32Array(tensors.reduce((sum, { values }) => sum + values.length, 0));
    let offset = 0;
    for (const { values } of tensors) {
      whole.set(values, offset);
      offset += values.length;
    }
    const vector = await this.base.write(whole);
    await this.base.restore(vector);
    await this.base.free(vector);
  }
}
