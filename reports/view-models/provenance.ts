import type { ReportData } from "../report-data.js";
import { bytes, count, duration, moment } from "./format.js";

/** What was run, in what versions, and how to run it again. */
export interface ProvenanceView {
  command: string;
  facts: { name: string; value: string; code: boolean }[];
  trainers: { name: string; version: string; source: string; options: string }[];
  environment: { name: string; value: string }[];
  config: string;
}

export function provenanceView({ run, wallSeconds, peakMemoryBytes }: ReportData): ProvenanceView {
  const { suite, model } = run;
  const facts: [string, string | undefined, boolean][] = [
    ["Suite", `${suite.name} ${suite.version}`, false],
    ["Suite digest", suite.digest, true],
    ["Suite revision", suite.revision, true],
    ["Suite location", suite.location, true],
    ["Model", `${model.reference} (${model.architecture}, ${count(model.parameters)} parameters)`, false],
    ["Model digest", model.digest, true],
    ["Model revision", model.revision, true],
    ["Numerics", run.numerics, true],
    ["Configuration digest", run.configDigest, true],
    ["Seeds", run.seeds.join(", "), false],
    ["Started", moment(run.createdAt), false],
    ["Took", wallSeconds === null ? undefined : duration(wallSeconds), false],
    ["Peak memory", peakMemoryBytes === null ? undefined : bytes(peakMemoryBytes), false],
  ];
  return {
    command: run.command,
    facts: facts.flatMap(([name, value, code]) => (value === undefined ? [] : [{ name, value, code }])),
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
    config: JSON.stringify(run.config, null, 2),
  };
}
