import { existsSync } from "node:fs";
import { readConfigFile } from "../config/config-file.js";
import type { RunConfig } from "../contract/config.js";
import { canonicalJson } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { settingsOf, type TrainerRow } from "./tuned-config.js";

/** The `tuned.yaml` that earlier searches left in a directory. */
export interface EarlierConfig {
  file: string;
  /** What its trainers learned, from which model and on what. */
  settings: Record<string, unknown>;
  trainers: TrainerRow[];
}

/** Reads it; without trainers where there is none. Throws CONFIG_SYNTAX, CONFIG_INVALID. */
export function readEarlierConfig(file: string): EarlierConfig | undefined {
  if (!existsSync(file)) return undefined;
  const { trainers = [], ...settings } = readConfigFile(file).content;
  const rows = trainers.map((row) =>
    typeof row === "string" ? { name: row, label: row } : { label: row.name, ...row },
  );
  return { file, settings, trainers: rows };
}

/** Throws RUN_MISMATCH where trainers that are searched with a configuration cannot be in one file with earlier ones. */
export function checkFits({ file, settings }: EarlierConfig, config: RunConfig): void {
  const own = settingsOf(config);
  const keys = [...new Set([...Object.keys(settings), ...Object.keys(own)])];
  const others = keys.filter((key) => canonicalJson([settings[key]]) !== canonicalJson([own[key]]));
  if (others.length === 0) return;
  throw new BenchError("RUN_MISMATCH", `${file} has trainers that were tuned with another ${others.join(", ")}`, {
    fix: "Choose another directory with --out.",
    at: { file },
  });
}
