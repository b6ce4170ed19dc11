import Table from "cli-table3";

const places = ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"];
const sides = ["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"];
const borderless = Object.fromEntries([...places, ...sides].map((place) => [place, ""]));

/** A table without lines, the first `left` columns aligned to the left and the others to the right. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string[] {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index < left ? "left" : "right")),
    chars: borderless,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}
