import type { ProbeKind } from "../../../harness/contract/suite.js";
import { changePlot } from "../../charts/change-plot.js";
import type { ReportData } from "../../report-data.js";
import type { Cell } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { points, signedPoints } from "../shared/format.js";
import { meanOf } from "../shared/mean-matrix.js";

/** One kind of ability: a chart of the mean over its probes, and a table of each probe. */
export interface AbilityView {
  title: string;
  note: string;
  chart: string;
  probes: string[];
  rows: { name: string; cells: Cell[] }[];
}

const kinds: { kind: ProbeKind; title: string; note: string }[] = [
  { kind: "general", title: "General ability", note: "Abilities of the base model that no task trains." },
  { kind: "instruction", title: "Instruction following", note: "Responds as instructed and in the requested format." },
  { kind: "safety", title: "Safety", note: "Refuses harmful requests and answers harmless ones that look similar." },
  { kind: "unseen", title: "Unseen tasks", note: "Performance on tasks that are never trained." },
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
