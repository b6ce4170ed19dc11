import type { Cells, Row } from "./cells.js";

/** The columns of prompt and answer: a name, or a text with names in braces, such as `Question: {question}\nAnswer:`. */
export interface Columns {
  prompt: string;
  answer: string;
  /** Rows with the same text here are not independent. */
  group?: string;
}

/** Doubled braces are written braces. */
const placeholder = /\{\{|\}\}|\{([^{}]+)\}/g;

/** A row by the columns that `suite.yaml` names. */
export function readColumns(cells: Cells, { prompt, answer, group }: Columns): Row {
  return {
    prompt: textOf(prompt, cells),
    references: cells.references(answer, isTemplate(answer) ? fill(answer, cells) : undefined),
    ...(group !== undefined && { group: textOf(group, cells) }),
  };
}

const textOf = (column: string, cells: Cells): string =>
  isTemplate(column) ? fill(column, cells) : cells.text(column);

const isTemplate = (text: string): boolean => [...text.matchAll(placeholder)].some(([, name]) => name !== undefined);

const fill = (template: string, cells: Cells): string =>
  template.replace(placeholder, (written, name?: string) => (name === undefined ? written[0]! : cells.text(name)));

/** Names of columns with a question and its answer, the most specific ones first. */
export const pairs: readonly (readonly [prompt: string, answer: string])[] = [
  ["full_prompt", "output"],
  ["prompt", "completion"],
  ["prompt", "response"],
  ["prompt", "output"],
  ["question", "answer"],
  ["question", "answers"],
  ["query", "response"],
  ["query", "answer"],
  ["input", "output"],
  ["inputs", "targets"],
  ["input", "target"],
  ["source", "target"],
  ["text", "label_text"],
  ["text", "label"],
  ["text", "answer"],
  ["sentence", "label"],
  ["document", "summary"],
  ["article", "highlights"],
  ["dialogue", "summary"],
];

/** What a question is about; it comes before the question. */
const contexts = ["context", "passage"];

/** A row by two known columns; the answers of SQuAD are the list in `answers.text`. */
export function readPair(cells: Cells, [prompt, answer]: readonly [string, string]): Row {
  const value = cells.values[answer];
  const nested = answer === "answers" && value !== null && typeof value === "object" && "text" in value;
  const context = contexts.filter((column) => cells.values[column]).map((column) => cells.text(column));
  return {
    prompt: [...context, cells.text(prompt)].join("\n\n"),
    references: cells.references(answer, nested ? value.text : value),
  };
}

/** What was recognized, and which columns are not read. */
export function pairNotice(cells: Cells, [prompt, answer]: readonly [string, string]): string {
  const context = contexts.filter((column) => cells.has(column));
  const asked = [...context, prompt].map((column) => `"${column}"`).join(" and ");
  const unread = Object.keys(cells.values).filter((column) => ![...context, prompt, answer].includes(column));
  const rest =
    unread.length === 0 ? "" : `; not read: ${unread.slice(0, 6).join(", ")}${unread.length > 6 ? ", …" : ""}`;
  return `prompt from ${asked}, answer from "${answer}" (columns in suite.yaml says otherwise)${rest}`;
}
