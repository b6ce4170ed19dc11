import type { ProbeKind, PublishedFigures, TaskDescription } from "../suite.js";

/** What `run.json` keeps of a suite. */
export interface SuiteRecord {
  name: string;
  version: string;
  title: string;
  digest: string;
  generated: boolean;
  scoring?: string;
  revision?: string;
  location?: string;
  published?: PublishedFigures;
  /** How the data was read, and what was found in it, in words; absent where there is nothing to say. */
  notes?: string[];
  /** `maxNewTokens` is the limit that answers were asked with; absent in records of earlier versions. */
  tasks: (ScoredSetRecord & { language: string; maxNewTokens?: number; sizes: Record<string, number> })[];
  probes: (ScoredSetRecord & { kind: ProbeKind; size: number })[];
}

/** What a task or probe is called and how its answers are scored. */
export type ScoredSetRecord = Pick<TaskDescription, "id" | "title" | "scorer" | "alsoScored" | "mode" | "normalizeBy">;
