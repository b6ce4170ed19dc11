/** A table of measured numbers. */
export interface Table {
  head: string[];
  rows: string[][];
}

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)}%`;

/** As Markdown, for harness/gate/README.md. */
export function markdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---:").join("|")}|`, ...rows.map(line)].join("\n");
}
