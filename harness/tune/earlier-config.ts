import { existsSync } from "node:fs";
import { readConfigFile } from "../config/config-file.js";
import type { RunConfig } from "../contract/config.js";
import { canonicalJson } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { settingsOf, type TrainerRow } from "./tuned-config.js";

/** What the `tuned.yaml` of earlier searches adds to one that is written in its place. */
export interface EarlierConfig {
  /** Specifiers of what its trainers are from. */
  plugins: string[];
  trainers: TrainerRow[];
}

/**
 * Reads the `tuned.yaml` that earlier searches left; nothing of it where there is none.
 *
 * @param config of the searches whose trainers are to be in the same file; it may have other plug-ins.
 * @throws CONFIG_SYNTAX, CONFIG_INVALID; RUN_MISMATCH where the file is of another suite, model or device.
 */
export function earlierConfig(file: string, config: RunConfig): EarlierConfig {
  if (!existsSync(file)) return { plugins: [], trainers: [] };
  const { trainers = [], plugins = [], ...others } = readConfigFile(file).content;
  const settings: Record<string, unknown> = others;
  const { plugins: _plugins, ...own } = settingsOf(config);
  const keys = [...new Set([...Object.keys(settings), ...Object.keys(own)])];
  const different = keys.filter((key) => canonicalJson([settings[key]]) !== canonicalJson([own[key]]));
  if (different.length > 0) {
    throw new BenchError("RUN_MISMATCH", `${file} has trainers that were tuned with another ${different.join(", ")}`, {
      fix: "Choose another directory with --out.",
      at: { file },
    });
  }
  const rows = trainers.map((row) =>
    typeof row === "string" ? { name: row, label: row } : { label: row.name, ...row },
  );
  return { plugins, trainers: rows };
}
