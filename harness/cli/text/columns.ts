import { displayWidth } from "../../contract/display-width.js";

/** Two columns, the right one wrapped to the terminal's width and indented under itself. */
export function twoColumns(rows: readonly (readonly [string, string])[], width: number, indent = 2): string[] {
  const left = Math.max(0, ...rows.map(([name]) => displayWidth(name)));
  const room = Math.max(30, width - indent - left - 2);
  return rows.flatMap(([name, text]) =>
    wrap(text, room).map((line, index) => {
      const label = index === 0 ? name : "";
      return `${" ".repeat(indent)}${label}${" ".repeat(left - displayWidth(label))}  ${line}`.trimEnd();
    }),
  );
}

/** Breaks text at blanks so that no line is wider than `width`, where a word allows it. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines = [""];
    for (const word of paragraph.split(" ")) {
      const line = lines.at(-1)!;
      if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) lines.push(word);
      else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    }
    return lines;
  });
}
