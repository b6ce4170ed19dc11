import type { SourceRecord } from "../../../harness/contract/result.js";
import { suiteLabel } from "../../../harness/contract/suite.js";
import { seedsText } from "../../../harness/run/plan/seeds.js";
import type { ReportData } from "../../report-data.js";
import { bytes, count, duration, list, moment } from "../shared/format.js";
import { type MachinesView, machinesView } from "./machines.js";

/** Command, versions and settings needed to reproduce a run. */
export interface ProvenanceView {
  command: string;
  facts: { name: string; value: string; code: boolean }[];
  /** How the data was read, and what was found in it. */
  notes: string[];
  trainers: { name: string; version: string; source: string; options: string }[];
  environment: { name: string; value: string }[];
  machines: MachinesView;
  config: string;
}

export function provenanceView({ run, cells, extensions, wallSeconds, peakMemoryBytes }: ReportData): ProvenanceView {
  const { suite, model } = run;
  const facts: [string, string | undefined, boolean][] = [
    ["Suite", suiteLabel(suite), false],
    ["Suite digest", suite.digest, true],
    ["Suite revision", suite.revision, true],
    ["Suite location", suite.location, true],
    ["Model", `${model.reference} (${model.architecture}, ${count(model.parameters)} parameters)`, false],
    ["Model digest", model.digest, true],
    ["Model revision", model.revision, true],
    ["Continued from", run.source && continuedFrom(run.source), false],
    ["Checkpoint digest", run.source?.digest, true],
    ["Numerics", run.numerics, true],
    ["Configuration digest", run.configDigest, true],
    ["Seeds", seedsText(run.cells), false],
    ["Started", moment(run.createdAt), false],
    ...extensions.map((text): [string, string, boolean] => ["Extended", text, false]),
    ["Duration", wallSeconds === null ? undefined : duration(wallSeconds), false],
    ["Peak memory", peakMemoryBytes === null ? undefined : bytes(peakMemoryBytes), false],
  ];
  return {
    command: run.command,
    facts: facts.flatMap(([name, value, code]) => (value === undefined ? [] : [{ name, value, code }])),
    notes: suite.notes ?? [],
    trainers: run.trainers.map(({ label, name, version, source, options }) => ({
      name: label,
      version: label === name ? String(version) : `${name} ${version}`,
      source,
      options: Object.entries(options)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(" "),
    })),
    environment: Object.entries(run.environment).map(([name, value]) => ({
      name,
      value: value === null ? "unknown" : String(value),
    })),
    machines: machinesView(cells),
    config: JSON.stringify(run.config, null, 2),
  };
}

/** The source cell, and what each trainer started from. */
function continuedFrom({ run, trainer, order, seed, learned, restored, bases }: SourceRecord): string {
  const others = Object.keys(bases).filter((label) => !restored.includes(label));
  const whole = restored.length === 0 ? [] : [`state restored: ${list(restored)}`];
  const weights = others.length === 0 ? [] : [`from its weights only, without past data: ${list(others)}`];
  const cell = `${trainer} (${order}, seed ${seed}) of ${run} after ${list(learned)}`;
  return `${cell}, whose rows come first; ${[...whole, ...weights].join("; ")}`;
}
