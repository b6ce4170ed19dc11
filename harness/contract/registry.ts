/** A file of a stored checkpoint. */
export interface StoredFile {
  /** Relative to the checkpoint, with `/`. */
  path: string;
  bytes: number;
  sha256: string;
}

/** A checkpoint in a model registry. Never changed once written. */
export interface VersionRecord {
  name: string;
  /** 1, 2, …: each version that is added under a name gets the next. */
  version: number;
  /** Digest of `files`; names the directory that holds them. */
  content: string;
  files: StoredFile[];
  model: {
    /** SHA-256 by which runs know the model: of the base and the adapter, where it is an adapter. */
    digest: string;
    parameters: number;
    architecture: string;
  };
  /** The model that an adapter belongs to, as it was given; absent for a whole model. */
  base?: string;
  /** The version that it was trained from. */
  parent?: number;
  /** The cell of a run that wrote it. */
  origin?: CheckpointOrigin;
  at: string;
  by: string;
  reason: string;
}

/** Where a checkpoint was trained. */
export interface CheckpointOrigin {
  run: string;
  cell: string;
  trainer: string;
  order: string;
  seed: number;
  suite: EvaluatedSuite;
  /** The tasks that it has learned, in their order. */
  learned: string[];
  /** Digest of the run's whole configuration. */
  config: string;
}

/** What questions were asked. */
export interface EvaluatedSuite {
  name: string;
  version: string;
  digest: string;
  quick: boolean;
}

/** How a version answered a suite. Scores are on 0..1; what was not measured is null. */
export interface EvaluationRecord {
  run: string;
  suite: EvaluatedSuite;
  trainer: string;
  tasks: Record<string, number | null>;
  probes: Record<string, number | null>;
}

/** A line of a registry's log. */
export type RegistryEvent =
  | { type: "version-added"; version: VersionRecord }
  | { type: "evaluated"; name: string; version: number; evaluation: EvaluationRecord; at: string; by: string }
  | {
      type: "alias-moved";
      name: string;
      alias: string;
      from: number | null;
      to: number | null;
      at: string;
      by: string;
      reason: string;
    }
  | { type: "version-deleted"; name: string; version: number; at: string; by: string; reason: string };

/** What the log adds up to: `state.json` of a registry. */
export interface RegistryState {
  schema: "registry@1";
  /** Number of events; null where a store does not count them. */
  events: number | null;
  models: Record<string, RegisteredModel>;
}

/** The versions under a name. */
export interface RegisteredModel {
  /** The number that the next version gets. */
  next: number;
  /** Ascending by number. */
  versions: VersionRecord[];
  /** Of each version, in the order in which they were attached. */
  evaluations: Record<string, EvaluationRecord[]>;
  aliases: Record<string, number>;
  /** Of each alias, the version that it pointed at before; kept for the way back. */
  former: Record<string, number>;
}
