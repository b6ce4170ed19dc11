import type { RunConfig } from "../contract/config.js";
import { packages } from "../contract/packages.js";
import type { SearchDimension } from "../contract/trainer.js";
import type { CandidateRecord, TuneRecord } from "./record.js";

/**
 * `tuned.yaml`: a configuration that `bench run --config` takes, with the chosen options, and above it, as comments,
 * how they were found.
 *
 * @param options of the trainer that differ from its defaults, the chosen ones among them.
 */
export function tunedConfig(
  record: TuneRecord,
  config: RunConfig,
  label: string,
  options: Record<string, unknown>,
): string {
  const trainers = [{ name: config.trainers[0]!.name, label, options }];
  return commentedConfig(foundLines(record), config, trainers);
}

/** A trainer of a configuration file. */
export interface TrainerRow {
  name: string;
  label: string;
  options?: Record<string, unknown>;
}

/** A configuration in YAML of the suite, model and device of another one, with these trainers, below comments. */
export function commentedConfig(
  comments: readonly string[],
  config: RunConfig,
  trainers: readonly TrainerRow[],
): string {
  const content = { ...settingsOf(config), trainers };
  return `${comments.flatMap((text) => text.split("\n").map((line) => `# ${line}`.trimEnd())).join("\n")}\n\n${packages.yaml.stringify(content)}`;
}

/** What trainers learn, from which model and on what, as a configuration file has it. */
export function settingsOf(config: RunConfig): Record<string, unknown> {
  const { suite, model, plugins, device, devicesPerCell, engine, dtype, chat, quick } = config;
  return {
    suite,
    ...(model === undefined ? {} : { model }),
    ...(plugins.length === 0 ? {} : { plugins }),
    ...(device === "cpu" ? {} : { device }),
    ...(engine === undefined ? {} : { engine }),
    ...(devicesPerCell === undefined ? {} : { devicesPerCell }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(chat === undefined ? {} : { chat }),
    ...(quick ? { quick } : {}),
  };
}

function foundLines(record: TuneRecord): string[] {
  const { trainer, suite, model, search, chosen, rungs } = record;
  const { objective } = search;
  const how = search.kind === "random" ? "random search" : `successive halving, η = ${search.eta}`;
  return [
    `Options of ${trainer.name} (version ${trainer.version}), found by: ${record.command}`,
    `on ${record.createdAt.slice(0, 10)} with bench ${record.bench}, numerics ${record.numerics}. The whole record is tune.json next to this file.`,
    "",
    `data       ${suite.name} ${suite.version}${record.quick ? ", quick" : ""}: validation data of ${suite.tasks.join(", ")} (${suite.order}); no test data, no later tasks`,
    `           digest ${suite.digest}`,
    `model      ${model.reference}, digest ${model.digest}`,
    `search     ${how}, ${search.candidates} candidates drawn with seed ${search.seed}, each with seeds ${search.seeds.join(", ")}`,
    `objective  ${objective.key} (${objective.id}), ${objective.higherIsBetter ? "higher" : "lower"} is better; equal scores keep what is nearer to the default`,
    ...Object.entries(record.space).map(([path, dimension]) => `space      ${path}: ${dimensionText(dimension)}`),
    `chosen     ${chosen.label}${chosen.isDefault ? ", the default" : ""}`,
    ...rungs.flatMap(({ tasks, results, configDigest }) => [
      "",
      `${tasks} tasks, run ${configDigest.slice(0, 12)}:`,
      ...results.map((result) => `  ${candidateText(result)}`),
    ]),
  ];
}

function candidateText({ label, score, values, reason }: CandidateRecord): string {
  const result = score === null ? `no score (${reason})` : (100 * score).toFixed(1).padStart(6);
  return `${label} ${result}  ${valuesText(values)}`;
}

/** A dimension in a line. */
export function dimensionText(dimension: SearchDimension): string {
  if ("values" in dimension) return dimension.values.map((value) => JSON.stringify(value)).join(", ");
  const { low, high, scale, integer } = dimension;
  return `${low} to ${high}, ${scale}${integer ? ", whole numbers" : ""}`;
}

/** The values of a candidate in a line. */
export function valuesText(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([path, value]) => `${path} ${typeof value === "string" ? value : JSON.stringify(value ?? null)}`)
    .join(", ");
}
