import type { Cells, Row } from "./cells.js";

/** Alpaca and Dolly: `{ instruction, input | context, output | response }`. The input follows the instruction. */
export function readInstruction(cells: Cells): Row {
  const { system, input, context, history, output } = cells.values;
  if (Array.isArray(history) && history.length > 0) {
    cells.complain("has a history", 'Write such rows as conversations: "messages": [ { "role", "content" }, … ].');
  }
  const parts = Object.entries({ system, instruction: cells.values.instruction, input, context });
  const texts = parts.filter(([, value]) => value).map(([name]) => cells.text(name));
  return {
    prompt: texts.join("\n\n"),
    references: cells.references(output === undefined ? "response" : "output"),
  };
}

const inputs = ["input", "inputs"];
const outputs = ["output", "outputs", "targets", "target"];

/** The columns of input and output of a row of Super-NaturalInstructions, under the names of its several copies. */
export function naturalColumns(cells: Cells): [input: string, output: string] | undefined {
  const input = inputs.find((name) => cells.has(name));
  const output = outputs.find((name) => cells.has(name));
  return input === undefined || output === undefined ? undefined : [input, output];
}

/** A row of Super-NaturalInstructions with the definition of its task, in the form that SSR (arXiv 2403.01244) asks in. */
export function readNaturalInstruction(cells: Cells): Row {
  const columns = naturalColumns(cells);
  if (columns === undefined) cells.complain("has no input and output", 'Add "input" and "output", or remove the row.');
  const [input, output] = columns!;
  const { definition } = cells.values;
  const task = cells.text("definition", Array.isArray(definition) ? definition[0] : definition);
  return { prompt: `${task}\n\nInput: ${cells.text(input)}\nOutput:`, references: cells.references(output) };
}
