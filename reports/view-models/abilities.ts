import type { ProbeKind } from "../../harness/contract/suite.js";
import { changePlot } from "../charts/change-plot.js";
import type { ReportData } from "../report-data.js";
import type { Cell } from "./cell.js";
import type { Entry } from "./entries.js";
import { points, signedPoints } from "./format.js";
import { meanOf } from "./mean-matrix.js";

/** One kind of ability: a chart over its probes together, and a table of each probe. */
export interface AbilityView {
  title: string;
  note: string;
  chart: string;
  probes: string[];
  rows: { name: string; cells: Cell[] }[];
}

const kinds: { kind: ProbeKind; title: string; note: string }[] = [
  { kind: "general", title: "General ability", note: "What the base model could do before any of these tasks." },
  { kind: "instruction", title: "Following instructions", note: "Does as told, in the form that was asked for." },
  { kind: "safety", title: "Safety", note: "Refuses what is harmful, and helps with what only looks so." },
  { kind: "unseen", title: "Tasks never trained", note: "Whether learning made other, new tasks easier." },
];

export function abilityViews({ run }: ReportData, entries: readonly Entry[]): AbilityView[] {
  return kinds.flatMap(({ kind, title, note }) => {
    const probes = run.suite.probes.filter((probe) => probe.kind === kind);
    if (probes.length === 0) return [];
    const changes = entries.map((entry) => ({
      name: entry.name,
      reference: entry.bound !== null,
      each: probes.map(({ id }) => probeChange(entry, id)),
    }));
    const rows = changes.map(({ name, reference, each }) => ({
      name,
      reference,
      before: meanOf(each.map(({ before }) => before)),
      after: meanOf(each.map(({ after }) => after)),
    }));
    return [
      {
        title,
        note,
        chart: changePlot({
          id: `ability-${kind}`,
          title: `${title}: before and after`,
          description: rows
            .map((row) => `${row.name}: ${points(row.before)} before, ${points(row.after)} after`)
            .join("; "),
          rows,
        }),
        probes: probes.map((probe) => probe.title),
        rows: changes.map(({ name, each }) => ({ name, cells: each.map(changeCell) })),
      },
    ];
  });
}

interface Change {
  before: number | null;
  after: number | null;
}

/** A probe at row 0 and at the last row, averaged over cells. */
function probeChange({ matrices }: Entry, probe: string): Change {
  return {
    before: meanOf(matrices.map(({ probes }) => probes[probe]?.[0])),
    after: meanOf(matrices.map(({ probes }) => probes[probe]?.at(-1))),
  };
}

function changeCell({ before, after }: Change): Cell {
  const value = before === null || after === null ? null : after - before;
  return { value, text: `${points(before)} → ${points(after)}`, note: signedPoints(value) };
}
