import { canonicalJson } from "../../../harness/contract/digest.js";
import { plural } from "../../../harness/contract/printable.js";
import type { MachineRecord } from "../../../harness/contract/result.js";
import { groupBy } from "../../../harness/metrics/statistics/clusters.js";
import type { CellResult } from "../../report-data.js";
import { bytes, list } from "../shared/format.js";

/** Where cells ran that were carried out elsewhere; without rows where all ran in the run's own process. */
export interface MachinesView {
  rows: { machine: string; cells: string }[];
  /** That bits are comparable within a type of processor alone, where there are several. */
  note?: string;
}

/** Groups of cells that are named of a machine; the cells of the others are counted. */
const named = 12;

export function machinesView(cells: readonly CellResult[]): MachinesView {
  const uses = cells.flatMap((cell) => cell.machines.map((machine) => ({ cell, machine })));
  const groups = [...groupBy(uses, ({ machine }) => canonicalJson(machine)).values()];
  const types = new Set(uses.map(({ machine }) => `${machine.cpu ?? "an unknown processor"} (${machine.platform})`));
  return {
    rows: groups.map((group) => ({ machine: machineText(group[0]!.machine), cells: cellsText(group) })),
    ...(types.size > 1 && {
      note: `The cells ran on ${types.size} types of processor: ${list([...types])}. The same seed gives the same bits on one type; between types only the statistics agree.`,
    }),
  };
}

function machineText({ host, cpu, cores, memoryBytes, platform, node }: MachineRecord): string {
  return `${host}: ${cpu ?? "unknown processor"}, ${cores} cores, ${bytes(memoryBytes)}, ${platform}, Node ${node}`;
}

function cellsText(uses: readonly { cell: CellResult }[]): string {
  const groups = [...groupBy(uses, ({ cell }) => `${cell.trainer}, ${cell.order}`)];
  const names = groups.slice(0, named).map(([name, group]) => {
    const seeds = group.map(({ cell }) => cell.seed).join(", ");
    return `${name}, ${group.length === 1 ? "seed" : "seeds"} ${seeds}`;
  });
  const rest = groups.slice(named).reduce((sum, [, group]) => sum + group.length, 0);
  return `${plural(uses.length, "cell")}: ${names.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}
