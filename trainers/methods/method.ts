import type { Privileges, Schedule, SearchSpace } from "../../harness/contract/trainer.js";
import type { Capability } from "../engine/capabilities.js";
import type { TrainingOptions } from "../training/options.js";
import type { Strategy } from "../training/strategy.js";

/** Options as they come out of the check against a schema. */
export type Options = Record<string, unknown>;

/** A method that trains: a strategy on the one loop, and what it says of itself. */
export interface Method {
  name: string;
  summary: string;
  /** Paper, section, or "baseline". */
  source: string;
  /** Changes whenever the same options would give other results. */
  version: number;
  schedule?: Schedule;
  /** Defaults of the loop's options that differ for this method. */
  defaults?: Partial<TrainingOptions>;
  /** JSON schema of its own options, property by property. */
  options: Record<string, unknown>;
  /** Which options are worth tuning, and where to look; its own and the loop's. */
  space?: SearchSpace;
  /** The optional capabilities of an engine that it calls for; none where the core is enough. */
  capabilities?: readonly Capability[];
  needs(options: Options): Partial<Privileges>;
  strategy(options: Options): Strategy;
}
