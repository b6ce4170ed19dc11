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

/** Something that computes with models, and what it finds on this machine. */
export interface EngineDefinition {
  name: string;
  version: string;
  /** Part of the digest of every cell that this engine computes: bits may change when it does. */
  numerics: string;
  /** The devices that the engine knows, each with whether it can be used here. Every engine offers `cpu`. */
  probe(): Promise<DeviceReport[]>;
  /**
   * The optional capabilities that it has for a model, by the names that trainers ask for; undefined where it cannot open
   * the model. Asked before a run starts: reads no weights.
   */
  capabilities?(checkpoint: Checkpoint): readonly string[] | undefined;
  /**
   * Opens a model on a device. What comes back is between engines and trainers: `trainers/engine/contract.ts`. Throws
   * MODEL_INVALID with the file that is at fault, DEVICE_UNAVAILABLE saying what to install.
   */
  open?(checkpoint: Checkpoint, device: string, options: OpenOptions): Promise<unknown>;
}

/** How a model is opened. */
export interface OpenOptions {
  /** Threads that one computation uses. */
  threads: number;
  /** Keys dropout. */
  seed: number;
  /** In which the weights are held; float32 unless given. */
  dtype?: string;
  /** The interpreter, for engines that compute in Python; the engine's own choice unless given. */
  python?: string;
}

/** The engine that a run chose, and the model that it opens for a learner. Plain data. */
export interface EngineChoice {
  name: string;
  /** URL of the module whose `plugin` offers the engine. */
  module: string;
  checkpoint: Checkpoint;
}

/** A device, and whether it can be used. */
export interface DeviceReport {
  /** Such as cpu, webgpu, cuda. */
  device: string;
  available: boolean;
  /** What was found, or what is missing and how to install it. */
  detail: string;
}
