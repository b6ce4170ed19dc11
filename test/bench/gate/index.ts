import { discreteness } from "./discreteness.js";
import { errorTable } from "./errors.js";
import { itemTable } from "./items.js";
import { lookTable } from "./looks.js";
import { coverageTable } from "./nested-seeds.js";
import { realCells } from "./real-cells.js";
import { markdown, type Table } from "./table.js";
import { worstFallErrors, worstFallPower } from "./worst-fall.js";

/**
 * Every number of harness/gate/README.md, from simulations with fixed seeds; with the directory of a run, also the gates
 * resampled from its cells.
 */
const simulations: Record<string, () => Table> = {
  "False passes at the margin, by noise": () => errorTable(20_000),
  "False verdicts from equal counts": () => discreteness([2, 3, 5, 8, 12], 400),
  "Looks at 3, 5, 8 and 12 orders": () => lookTable(4000),
  "A declared worst fall: false passes at the margin": () => worstFallErrors(2000),
  "A declared worst fall: passes of an unchanged candidate, F = 2δ": () => worstFallPower(1000),
  "Evaluated models, item by item": () => itemTable(1000),
  "Coverage of the 95% interval of one entry": () => coverageTable(4000),
};

const print = (title: string, table: Table) => console.log(`\n### ${title}\n\n${markdown(table)}`);

const directory = process.argv[2];
if (directory !== undefined) for (const { title, table } of realCells(directory)) print(title, table);
for (const [title, make] of Object.entries(simulations)) print(title, make());
