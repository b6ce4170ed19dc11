/** Where the files of a model are and what they contain. Plain data, which crosses threads and processes. */
export interface Checkpoint {
  /** Name of the model format. */
  format: string;
  /** As the format names it, such as the class in transformers. */
  architecture: string;
  /** Absolute path of the model directory. */
  directory: string;
  /** Absolute path of an adapter that is merged into the model when it is opened. */
  adapter?: string;
  /** The optional capabilities of an engine that this model allows; all of them unless given. */
  capabilities?: readonly string[];
}

/** What a learner holds in memory at its peak, as far as it depends on the method. */
export interface MemoryNeed {
  /** The parameters that it trains, each with a gradient and the moments of the optimizer. */
  trains: "nothing" | "adapter" | "all";
  /** Whether it changes the other parameters all the same, as adapters do that are folded into them. */
  folds?: boolean;
  /** Further vectors as long as those parameters: anchors, importances, teachers, snapshots. */
  vectors: number;
  /** Examples of one computation. */
  batch: number;
}

/** What a core reaches. */
export interface MachineSpeed {
  flopsPerSecond: number;
  /** Whether nothing else used the core meanwhile, so that the figure holds for other times. */
  undisturbed: boolean;
}

/** Something that computes with models, and what it finds on this machine. */
export interface EngineDefinition {
  name: string;
  version: string;
  /** Part of the digest of every cell that this engine computes: bits may change when it does. */
  numerics: string;
  /** Whether it computes in processes of its own, which Node's permissions do not allow a plug-in to start. */
  startsProcesses?: true;
  /** Whether it opens a model on several devices of one kind, named with commas between them: each has a part of it. */
  dividesModels?: true;
  /** In which types it can hold weights; float32 alone unless given. */
  dtypes?: readonly string[];
  /**
   * Finds what it computes with on this machine, where that is not part of this package: the version and the numerics
   * that hold instead of those above. Asked before a run starts. Throws ENGINE_UNAVAILABLE, naming the command that
   * installs what is missing.
   */
  prepare?(settings: ComputeSettings & { device: string }): Promise<Pick<EngineDefinition, "version" | "numerics">>;
  /** Installs what it computes with; resolves to what was installed where, in words. */
  install?(settings: InstallSettings): Promise<string>;
  /**
   * The devices that the engine knows, each with whether it can be used here. Every engine offers `cpu`.
   *
   * @param python as in `ComputeSettings`.
   */
  probe(python?: string): Promise<DeviceReport[]>;
  /**
   * The optional capabilities that it has for a model, by the names that trainers ask for; undefined where it cannot open
   * the model. Asked before a run starts: reads no weights.
   */
  capabilities?(checkpoint: Checkpoint): readonly string[] | undefined;
  /**
   * Bytes of this machine's memory that a learner holds at its peak, its process apart: from the need of its trainer and
   * the tokens of its largest computation. Reads no weights. Absent where that is not known.
   */
  memory?(checkpoint: Checkpoint, need: MemoryNeed & { parameters: number; tokens: number }): number;
  /** Bytes of these that are there once for all learners on a machine, such as weights in mapped files; none unless given. */
  sharedMemory?(checkpoint: Checkpoint, need: MemoryNeed & { parameters: number }): number;
  /**
   * The speed of one core of this machine in products of matrices, in well under a second: what estimates of time are
   * scaled by. Without it they are those of the machine that the cost model was made on.
   */
  measureSpeed?(): Promise<MachineSpeed>;
  /**
   * Opens a model on a device. What comes back is between engines and trainers: `trainers/engine/contract.ts`. Throws
   * MODEL_INVALID with the file that is at fault, DEVICE_UNAVAILABLE saying what to install.
   */
  open?(checkpoint: Checkpoint, device: string, options: OpenOptions): Promise<unknown>;
}

/** What a run says of how an engine computes. */
export interface ComputeSettings {
  /** The type of the weights; float32 unless given. */
  dtype?: string;
  /** Path of the interpreter, for engines that compute in Python; the engine's own choice unless given. */
  python?: string;
  /**
   * Most bytes of the features of images that are kept while what computes them stays as it is; the engine's own choice
   * unless given, 0 for none. Changes no bits.
   */
  featureBytes?: number;
  /**
   * Given where requests come one by one, as to a server: an engine that can computes them together, each from when it
   * comes, and keeps at most so many bytes of keys and values for prompts that begin alike. How many changes no bits;
   * on a GPU answers may differ from those of an engine that is opened without.
   */
  promptBytes?: number;
}

/** How a model is opened. */
export interface OpenOptions extends ComputeSettings {
  /** Threads that one computation uses. */
  threads: number;
  /** Keys dropout. */
  seed: number;
}

/** How an engine is installed. */
export interface InstallSettings {
  /** The interpreter to install for; the engine's own choice unless given. */
  python?: string;
  /** URL of a package index that is asked besides the usual one, such as one with builds for a kind of device. */
  index?: string;
  /** Hears what is being done, line by line. */
  progress(line: string): void;
}

/** The engine that a run chose, and the model that it opens for a learner. Plain data. */
export interface EngineChoice extends ComputeSettings {
  name: string;
  /** URL of the module whose `plugin` offers the engine. */
  module: string;
  checkpoint: Checkpoint;
  startsProcesses?: true;
}

/** A device, and whether it can be used. */
export interface DeviceReport {
  /** Such as cpu, webgpu, cuda. */
  device: string;
  available: boolean;
  /** What was found, or what is missing and how to install it. */
  detail: string;
}
