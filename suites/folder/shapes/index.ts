import type { FileRow } from "../formats/row.js";
import type { ImageFolder } from "../images.js";
import { Cells, type Labels, type Row, type Tally } from "./cells.js";
import { type BenchmarkContext, readBenchmarkRow } from "./cl-benchmark.js";
import { type Columns, pairNotice, pairs, readColumns, readPair } from "./columns.js";
import { chats, readConversation } from "./conversation.js";
import { naturalColumns, readInstruction, readNaturalInstruction } from "./instruction.js";

/** What is known of a task's rows before they are read. */
export interface RowSettings {
  columns?: Columns;
  labels?: Labels;
  benchmark?: BenchmarkContext;
  /** Where the images of rows are; the column `image` is not read unless given. */
  images?: ImageFolder;
}

/** A known form of rows. */
interface Shape {
  /** What is said about it; the form of this project itself needs no words. */
  notice?: string;
  read(cells: Cells): Row;
}

const own: Shape = {
  read: (cells) => ({ prompt: cells.text("prompt"), references: cells.references("answer") }),
};
const instruction: Shape = { notice: "read as Alpaca rows (instruction, input, output)", read: readInstruction };
const natural: Shape = {
  notice: "read as Super-NaturalInstructions (definition, input, output)",
  read: readNaturalInstruction,
};

/** Reads rows of one file: the first row says which form they all have. */
export class RowReader {
  readonly tally: Tally = new Map();
  #shape: Shape | undefined;

  constructor(private readonly settings: RowSettings) {}

  /** What was recognized; nothing for `{ prompt, answer }`. */
  get notice(): string | undefined {
    return this.#shape?.notice;
  }

  /**
   * @throws DATA_INVALID with what to do for this form of row.
   */
  read(row: FileRow): Row {
    const cells = new Cells(row, this.tally, this.settings.labels);
    this.#shape ??= recognize(cells, this.settings);
    const read = this.#shape.read(cells);
    if (read.prompt.trim() === "") cells.complain("has an empty prompt", "Fill the prompt, or remove the row.");
    const images = this.settings.images?.imagesOf(cells, read.prompt) ?? [];
    return images.length === 0 ? read : { ...read, images };
  }
}

/** The form of a row; the first that fits. Throws DATA_INVALID with the columns where none does. */
function recognize(cells: Cells, { columns, benchmark }: RowSettings): Shape {
  if (columns !== undefined) return { read: (row) => readColumns(row, columns) };
  const has = (...names: string[]) => names.every((name) => cells.has(name));
  if (has("prompt", "answer")) return own;
  const chat = chats.find((names) => names.every((name) => Array.isArray(cells.values[name])));
  if (chat !== undefined) {
    const notice = `read as conversations ("${chat.join('", "')}"): the last message is the answer`;
    return { notice, read: (row) => readConversation(row, chat) };
  }
  if (benchmark !== undefined && has("sentence", "label")) {
    const notice = `read as ${benchmark.category} of CL_Benchmark, with the prompts of O-LoRA`;
    return { notice, read: (row) => readBenchmarkRow(row, benchmark) };
  }
  if (has("instruction", "output") || has("instruction", "response")) return instruction;
  if (has("definition") && naturalColumns(cells) !== undefined) return natural;
  const pair = has("choices") || has("options") ? undefined : pairs.find((names) => has(...names));
  if (pair !== undefined) return { notice: pairNotice(cells, pair), read: (row) => readPair(row, pair) };
  const there = Object.keys(cells.values).slice(0, 12);
  if (has("prompt") || (has("answer") && there.length === 1)) return own;
  const [first = "question"] = there;
  return cells.complain(
    `has columns that are not known: ${there.join(", ") || "none"}`,
    `Name them in suite.yaml, such as: columns: { prompt: "Question: {${first}}\\nAnswer:", answer: ${there.at(-1) ?? "answer"} }.`,
  );
}
