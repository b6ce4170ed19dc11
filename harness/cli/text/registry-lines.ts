import picocolors from "picocolors";
import type { VerifiedVersion, VersionDifference } from "../../app/registry/evaluations.js";
import type { EvaluationRecord, RegisteredModel, RegistryState, VersionRecord } from "../../contract/registry.js";
import { suiteLabel } from "../../contract/suite.js";
import { meanOrNull } from "../../metrics/definition.js";
import { points, signedPoints } from "../../metrics/score-text.js";
import { aliasesAt } from "../../registry/state.js";
import { twoColumns } from "./columns.js";
import { plainTable } from "./plain-table.js";

interface Terminal {
  color: boolean;
  width: number;
}

export const versionText = ({ name, version }: Pick<VersionRecord, "name" | "version">): string => `${name}@${version}`;

/** A row for each version, the newest first, with the aliases that point at it. */
export function registryLines({ models }: RegistryState, names: readonly string[]): string[] {
  const rows = names.flatMap((name) => {
    const model = models[name]!;
    return model.versions
      .toReversed()
      .map((version) => [
        versionText(version),
        aliasesAt(model, version.version).join(", "),
        version.parent === undefined ? "–" : `${name}@${version.parent}`,
        meanText(model.evaluations[version.version]?.at(-1)),
        version.at.slice(0, 10),
        version.by,
        version.reason,
      ]);
  });
  if (rows.length === 0) return ["The registry has no versions."];
  return plainTable(["version", "aliases", "parent", "score", "added", "by", "reason"], rows, 7);
}

/** All that is known of one version. */
export function versionLines(
  { model, version }: { model: RegisteredModel; version: VersionRecord },
  path: string,
  terminal: Terminal,
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const { origin, parent, base, files, name } = version;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const rows: [string, string][] = [
    ["path", path],
    ["model", `${version.model.architecture}, ${version.model.parameters.toLocaleString("en-US")} parameters`],
    ["digest", version.model.digest],
    ["files", `${files.length}, ${(bytes / 1e6).toFixed(1)} MB`],
    ["aliases", aliasesAt(model, version.version).join(", ") || "none"],
    ["parent", parent === undefined ? "not stated" : `${name}@${parent}`],
    ...(base === undefined ? [] : [["base", base] as [string, string]]),
    ["added", `${version.at} by ${version.by}${version.reason === "" ? "" : `: ${version.reason}`}`],
  ];
  if (origin !== undefined) {
    rows.push(
      ["trained by", `${origin.trainer}, ${origin.order}, seed ${origin.seed}: run ${origin.run}, cell ${origin.cell}`],
      ["learned", `${origin.learned.join(", ")} (${suiteLabel(origin.suite)})`],
    );
  }
  const evaluations = (model.evaluations[version.version] ?? []).flatMap((evaluation) => [
    "",
    `${suiteLabel(evaluation.suite)}, run ${evaluation.run}`,
    ...twoColumns(
      [
        ...Object.entries(evaluation.tasks),
        ...Object.entries(evaluation.probes).map(([probe, score]) => [`probe:${probe}`, score] as const),
      ].map(([task, score]) => [task, points(score)] as const),
      terminal.width,
    ),
  ]);
  return [paint.bold(versionText(version)), ...twoColumns(rows, terminal.width), ...evaluations];
}

/** What changed from one version to another. */
export function differenceLines({ before, after, files, evaluations }: VersionDifference): string[] {
  const list = (what: string, paths: string[]) => (paths.length === 0 ? [] : [`  ${what}: ${paths.join(", ")}`]);
  const tables = evaluations.flatMap(({ suite, scores }) => [
    "",
    ...plainTable(
      [suiteLabel(suite), versionText(before), versionText(after), "change"],
      scores.map(({ name, before: old, after: now }) => [
        name,
        ...[old, now].map(points),
        old === null || now === null ? "–" : signedPoints(now - old),
      ]),
    ),
  ]);
  return [
    `${versionText(before)} → ${versionText(after)}: ${files.same} ${files.same === 1 ? "file is" : "files are"} the same`,
    ...list("changed", files.changed),
    ...list("added", files.added),
    ...list("removed", files.removed),
    ...tables,
    "",
    evaluations.length === 0
      ? "No suite on which both were evaluated. Attach runs with `bench registry attach`."
      : "Differences, not verdicts: `bench gate <run> --against <run>` judges two evaluations item by item.",
  ];
}

/** A line for each version, and one for each file that is not what was stored. */
export function verifiedLines(versions: readonly VerifiedVersion[], terminal: Terminal): string[] {
  const paint = picocolors.createColors(terminal.color);
  return versions.flatMap((version) => [
    `${version.damage.length === 0 ? paint.green("intact ") : paint.red("damaged")}  ${versionText(version)}`,
    ...version.damage.map((line) => `           ${line}`),
  ]);
}

/** The mean over an evaluation's tasks, in points. */
function meanText(evaluation: EvaluationRecord | undefined): string {
  const scores = Object.values(evaluation?.tasks ?? {});
  return points(scores.length === 0 ? null : meanOrNull(scores));
}
