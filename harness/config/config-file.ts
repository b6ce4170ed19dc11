import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import type { AlertKind, AlertSettings, AlertThresholds, CostBudget, WebhookSettings } from "../contract/alert.js";
import { packageRoot } from "../contract/files.js";
import { readYamlFile, type YamlFile } from "./yaml-file.js";

/** The training profile, as people write it down. */
export interface TrainingProfile {
  learning_rate?: { initial?: number; decay_factor?: number; warmup_steps?: number };
  regularization?: { ewc_lambda?: number; elastic_beta?: number };
  data_mixing?: {
    new_ratio?: number | { from: number; to: number };
    buffer_size?: number;
    sampling?: "uniform" | "importance" | "representative";
  };
}

/** The section `alerts`; what it leaves out is as in `defaultAlerts`. */
export interface AlertSection extends Partial<Record<AlertKind, Partial<AlertThresholds>>> {
  budget?: CostBudget;
  failOn?: AlertSettings["failOn"];
  webhook?: Partial<WebhookSettings> & { url: string };
}

/** The section `gate`: what a candidate is compared with, and how much worse it may be. */
export interface GateSection {
  /** Name of a baseline, or name@version; `main` without it. */
  baseline?: string;
  /** Where baselines stand, relative to the file. */
  directory?: string;
  trainer?: string;
  /** Metric key or `task:<id>` → how much worse is still accepted, in the metric's unit. */
  margins: Record<string, number>;
  /** Most task orders that `--extend` may bring a run to. */
  maxOrders?: number;
}

export interface TrainerEntry extends TrainingProfile {
  name: string;
  label?: string;
  options?: Record<string, unknown>;
}

/** What a configuration file may hold: `harness/contract/schemas/config.schema.json`. */
export interface ConfigFileContent extends TrainingProfile {
  suite?: string | { name: string; location?: string; options?: Record<string, unknown> };
  model?: string;
  trainers?: (string | TrainerEntry)[];
  seeds?: number | number[];
  orders?: number;
  workers?: number;
  threads?: number;
  device?: string;
  engine?: string;
  quick?: boolean;
  out?: string;
  keepCheckpoints?: "last" | "all" | "none";
  fromCheckpoint?: string;
  evaluateEvery?: number;
  evaluateItems?: number;
  plugins?: string[];
  alerts?: AlertSection;
  gate?: GateSection;
}

export type ConfigFile = YamlFile<ConfigFileContent>;

let validator: ValidateFunction<ConfigFileContent> | undefined;

function validatorOfConfig(): ValidateFunction<ConfigFileContent> {
  validator ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile<ConfigFileContent>(
    JSON.parse(readFileSync(join(packageRoot, "harness", "contract", "schemas", "config.schema.json"), "utf8")),
  );
  return validator;
}

/**
 * Reads a configuration in YAML or JSON and checks it against its schema.
 *
 * @throws CONFIG_SYNTAX, CONFIG_INVALID with line, column and a suggestion.
 */
export function readConfigFile(file: string): ConfigFile {
  return readYamlFile(file, validatorOfConfig(), {
    what: "the configuration",
    absent: "Check the path; `bench init` writes a commented configuration.",
  });
}
