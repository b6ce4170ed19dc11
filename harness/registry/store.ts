import type { RegistryEvent, RegistryState, VersionRecord } from "../contract/registry.js";
import type { CheckpointCopy, StoredCheckpoint } from "./model-store.js";

/** Where versions of models are kept. */
export interface RegistryStore {
  /** Whether an alias moves by compare-and-set, with no other writer in between. */
  readonly isAtomic: boolean;
  /** What all events add up to. Throws UNKNOWN_NAME where there is no registry. */
  read(): RegistryState | Promise<RegistryState>;
  /**
   * Does what events say that follow from the state; what `decide` throws ends it, and nothing is done.
   *
   * @returns the state after them.
   */
  change(
    decide: (state: RegistryState) => readonly RegistryEvent[] | Promise<readonly RegistryEvent[]>,
  ): Promise<RegistryState>;
  /** Copies a checkpoint, to be kept or discarded. Throws STORAGE. */
  copy(source: string): CheckpointCopy;
  /** Stores the files of a copy under their digest. To be called while the registry is changed. */
  keep(copy: CheckpointCopy): void | Promise<void>;
  /** What is wrong with stored files, a line each. */
  damageOf(checkpoint: Pick<StoredCheckpoint, "content" | "files">): string[] | Promise<string[]>;
  /** Whether what other programs read is that of the state. */
  isCurrent(state: RegistryState): boolean | Promise<boolean>;
  /** Where the files of a version are. */
  pathOf(version: VersionRecord): string;
}
