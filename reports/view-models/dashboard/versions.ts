import type { DashboardModel, DashboardVersion } from "../../../harness/contract/dashboard.js";
import { plural } from "../../../harness/contract/printable.js";
import { heatMap } from "../../charts/heat-map.js";
import { versionCurve } from "../../charts/version-curve.js";
import { anchorOf, bytes, count, list, missing, moment, points } from "../shared/format.js";

/** The versions of a model as a tree by what they were trained from, and as rows. */
export interface LiveVersionsView {
  model: string;
  id: string;
  roots: LineageView[];
  rows: VersionRowView[];
  bytes: string;
}

interface LineageView {
  version: number;
  aliases: string[];
  learned: string;
  children: LineageView[];
}

interface VersionRowView {
  version: number;
  aliases: string;
  parent: string;
  origin: string;
  parameters: string;
  bytes: string;
  added: string;
  reason: string;
}

export function liveVersionsViews(models: readonly DashboardModel[]): LiveVersionsView[] {
  return models.map(({ name, versions }) => ({
    ...{ model: name, id: `versions-${anchorOf(name)}` },
    roots: versions.filter((version) => isRoot(version, versions)).map((root) => lineage(root, versions)),
    rows: versions.toReversed().map(rowView),
    bytes: bytes(versions.reduce((sum, version) => sum + version.bytes, 0)),
  }));
}

const isRoot = ({ parent }: DashboardVersion, versions: readonly DashboardVersion[]): boolean =>
  !versions.some(({ version }) => version === parent);

/** Parents are older than their children, so this ends. */
function lineage(of: DashboardVersion, versions: readonly DashboardVersion[]): LineageView {
  const children = versions.filter(({ parent, version }) => parent === of.version && version > of.version);
  return {
    ...{ version: of.version, aliases: of.aliases },
    learned: of.origin === undefined ? "" : `${of.origin.trainer}: ${list(of.origin.learned)}`,
    children: children.map((child) => lineage(child, versions)),
  };
}

function rowView(version: DashboardVersion): VersionRowView {
  const { origin, parent, aliases } = version;
  return {
    ...{ version: version.version, aliases: aliases.join(", "), reason: version.reason },
    parent: parent === undefined ? missing : String(parent),
    origin: origin === undefined ? missing : `${origin.run}, ${origin.trainer}, ${origin.order}, seed ${origin.seed}`,
    ...{ parameters: count(version.model.parameters), bytes: bytes(version.bytes) },
    added: `${moment(version.at)} by ${version.by}`,
  };
}

/** Scores of every task and probe of a suite over the versions of a model. */
export interface LiveRetentionView {
  id: string;
  model: string;
  suite: string;
  map: string;
  subjects: string[];
  curves: { subject: string; text: string; chart: string }[];
}

/** One for each suite that a version of a model was evaluated on. */
export function liveRetentionViews(models: readonly DashboardModel[]): LiveRetentionView[] {
  return models.flatMap(({ name, versions }) => {
    const suites = new Map(
      versions.flatMap(({ evaluations }) => evaluations.map(({ suite }) => [suite.digest, suite] as const)),
    );
    return [...suites].map(([digest, suite], index) => {
      const evaluated = versions.flatMap((version) => {
        const last = version.evaluations.findLast((each) => each.suite.digest === digest);
        return last === undefined ? [] : [{ version, scores: { ...last.tasks, ...last.probes } }];
      });
      const subjects = [...new Set(evaluated.flatMap(({ scores }) => Object.keys(scores)))];
      const names = evaluated.map(({ version }) => `${name}@${version.version}`);
      const id = `retention-${anchorOf(name)}-${index + 1}`;
      const valuesOf = (subject: string) => evaluated.map(({ scores }) => scores[subject] ?? null);
      return {
        ...{ id, model: name, subjects },
        suite: `${suite.name} ${suite.version}${suite.quick ? " (quick)" : ""}`,
        map: heatMap({
          id: `${id}-map`,
          title: `Scores of ${name} on ${suite.name}`,
          description: `Rows: ${plural(evaluated.length, "version")}; columns: score on each task or probe.`,
          rows: evaluated.map(({ version }) => [`@${version.version}`, ...version.aliases].join(" ")),
          columns: subjects.map((_, column) => String(column + 1)),
          values: evaluated.map(({ scores }) => subjects.map((subject) => scores[subject] ?? null)),
          stepwise: false,
        }),
        curves: subjects.map((subject, column) => curveOf(`${id}-${column + 1}`, subject, names, valuesOf(subject))),
      };
    });
  });
}

function curveOf(id: string, subject: string, names: readonly string[], values: readonly (number | null)[]) {
  const known = values.filter((value) => value !== null);
  const text = `${points(known[0])} → ${points(known.at(-1))}`;
  return {
    ...{ subject, text },
    chart: versionCurve({
      ...{ id, title: subject, description: `${text} over ${plural(names.length, "version")}.`, values, names },
      notes: values.map((value, index) => `${names[index]}: ${points(value)}`),
      ...{ levels: [], range: "full" as const, format: (value: number) => String(Math.round(100 * value)) },
    }),
  };
}
