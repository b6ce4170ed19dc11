import { type Place, parseRow, syntaxFix } from "./json-text.js";
import type { FileRow } from "./row.js";
import { invalid } from "./source.js";

const fixes = {
  list: 'Write a JSON list of rows: [ { "prompt": "…", "answer": "…" }, … ].',
  comma: "Remove the comma before it.",
  truncated: "Copy or download the file again: its end is missing.",
};

/**
 * The elements of a JSON list, one by one, with the places where they begin.
 *
 * @param start where the chunks begin in the file.
 * @throws DATA_INVALID with line and column for what is empty, truncated, no list, no JSON, or not UTF-8.
 */
export function* readJsonList(chunks: Iterable<Buffer>, start: Place): Generator<FileRow> {
  const reader = new ListReader(start);
  for (const chunk of chunks) {
    reader.push(chunk);
    yield* reader.take();
  }
  reader.end();
  yield* reader.take();
}

const byte = (character: string) => character.charCodeAt(0);
const [quote, backslash, newline, comma, opening, closing] = [...'"\\\n,[]'].map(byte);
const blank = new Set([..." \t\r\n"].map(byte));
const nesting = new Map([..."{[}]"].map((bracket) => [byte(bracket), "{[".includes(bracket) ? 1 : -1]));

/** Splits the bytes of a list at its commas; a small automaton over bytes, since UTF-8 leaves ASCII bytes alone. */
class ListReader {
  private rows: FileRow[] = [];
  private count = 0;
  private state: "before" | "first" | "element" | "between" | "next" | "after" = "before";
  private readonly file: string;
  private line: number;
  private column: number;
  private start: Place;
  private pieces: Buffer[] = [];
  private depth = 0;
  private inText = false;
  private escaped = false;
  private lineEnded = false;

  constructor(start: Place) {
    this.file = start.file;
    this.line = start.line;
    this.column = start.column - 1;
    this.start = start;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const current = chunk[index]!;
      this.advance(current);
      if (this.state === "element") {
        if (!this.endsElement(current)) continue;
        this.pieces.push(chunk.subarray(from, index));
        this.finishElement();
        this.outside(current);
      } else if (this.outside(current)) {
        from = index;
      }
    }
    if (this.state === "element") this.pieces.push(chunk.subarray(from));
  }

  /** The rows that were completed since the last call. */
  take(): FileRow[] {
    const taken = this.rows;
    this.rows = [];
    return taken;
  }

  end(): void {
    if (this.state === "element" && this.depth <= 0 && !this.inText) this.finishElement();
    if (this.state === "after") return;
    const [line, column] = this.lineEnded ? [this.line + 1, 1] : [this.line, this.column + 1];
    const end = { file: this.file, line, column };
    if (this.state === "before") throw invalid(end, "the file is empty", fixes.list);
    const row = this.count + 1;
    const message =
      this.state === "element"
        ? `the file ends inside row ${row}, which begins at line ${this.start.line}`
        : `the list does not end: "]" is missing after row ${row - 1}`;
    throw invalid(end, message, fixes.truncated);
  }

  private here(): Place {
    return { file: this.file, line: this.line, column: this.column };
  }

  /** Moves the place to the character that `current` begins or goes on with. */
  private advance(current: number): void {
    if (this.lineEnded) {
      this.line += 1;
      this.column = 0;
    }
    this.lineEnded = current === newline;
    const goesOn = (current & 0xc0) === 0x80;
    if (!goesOn) this.column += 1;
  }

  /** A byte between elements. Returns whether it begins one. */
  private outside(current: number): boolean {
    if (blank.has(current)) return false;
    const expects = {
      before: "[",
      first: "a row or ]",
      between: "a comma or ]",
      next: "a row",
      after: "the end of the file",
    };
    if (this.state === "before" && current === opening) this.state = "first";
    else if ((this.state === "first" || this.state === "between") && current === closing) this.state = "after";
    else if (this.state === "between" && current === comma) this.state = "next";
    else if ((this.state === "first" || this.state === "next") && current !== comma && current !== closing) {
      this.state = "element";
      this.start = this.here();
      this.depth = nesting.get(current) ?? 0;
      this.inText = current === quote;
      return true;
    } else {
      const found = String.fromCharCode(current);
      const trailing = this.state === "next" && current === closing;
      const fix = this.state === "before" ? fixes.list : trailing ? fixes.comma : syntaxFix(found);
      const expected = expects[this.state as keyof typeof expects];
      throw invalid(this.here(), `expected ${expected}, found "${found}"`, fix);
    }
    return false;
  }

  /** Whether a byte no longer belongs to the element: a comma, a bracket or a blank outside of all nesting. */
  private endsElement(current: number): boolean {
    if (this.inText) {
      if (this.escaped) this.escaped = false;
      else if (current === backslash) this.escaped = true;
      else if (current === quote) this.inText = false;
      return false;
    }
    if (this.depth <= 0 && (current === comma || current === closing || blank.has(current))) return true;
    if (current === quote) this.inText = true;
    this.depth += nesting.get(current) ?? 0;
    return false;
  }

  private finishElement(): void {
    const bytes = Buffer.concat(this.pieces);
    this.pieces = [];
    this.state = "between";
    this.count += 1;
    this.rows.push({ value: parseRow(bytes, this.count, this.start), number: this.count, at: this.start });
  }
}
