import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { BenchError, type ErrorLocation } from "../../harness/contract/errors.js";
import { findSyntaxError } from "../../harness/contract/json-syntax.js";

/** One element of a JSON list, and where it begins. */
export interface Element {
  value: unknown;
  at: ErrorLocation;
}

export interface JsonList {
  elements: Element[];
  /** SHA-256 of the file. */
  digest: string;
}

const chunkSize = 1 << 20;
const fixes = {
  list: 'Write a JSON list of rows: [ { "prompt": "…", "answer": "…" }, … ].',
  syntax: "Mend the JSON there, or write the file again with a JSON library.",
  truncated: "Copy or download the file again: its end is missing.",
  utf8: "Save the file as UTF-8.",
  path: "Check the path and its permissions.",
};

/**
 * Reads a file that holds a JSON list, element by element, so that no text as long as the file is ever made.
 *
 * @throws DATA_INVALID with line and column (counted in characters) for a file that cannot be read, is empty,
 * truncated, no list, no JSON, or not UTF-8.
 */
export function readJsonList(file: string): JsonList {
  const reader = new ListReader(file);
  const hash = createHash("sha256");
  const chunk = Buffer.alloc(chunkSize);
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw invalid({ file }, `the file cannot be read: ${(error as Error).message}`, fixes.path);
  }
  try {
    for (
      let length = readSync(handle, chunk), first = true;
      length > 0;
      length = readSync(handle, chunk), first = false
    ) {
      const bytes = chunk.subarray(0, length);
      hash.update(bytes);
      const marked = first && bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark);
      reader.push(marked ? bytes.subarray(byteOrderMark.length) : bytes);
    }
  } finally {
    closeSync(handle);
  }
  return { elements: reader.end(), digest: hash.digest("hex") };
}

function invalid(at: ErrorLocation, message: string, fix: string): BenchError {
  return new BenchError("DATA_INVALID", message, { at, fix });
}

const byte = (character: string) => character.charCodeAt(0);
const [quote, backslash, newline, comma, opening, closing] = [...'"\\\n,[]'].map(byte);
const blank = new Set([..." \t\r\n"].map(byte));
const nesting = new Map([..."{[}]"].map((bracket) => [byte(bracket), "{[".includes(bracket) ? 1 : -1]));
const byteOrderMark = Buffer.from("\ufeff");

/** Splits the bytes of a list at its commas; a small automaton over bytes, since UTF-8 leaves ASCII bytes alone. */
class ListReader {
  private readonly elements: Element[] = [];
  private state: "before" | "first" | "element" | "between" | "next" | "after" = "before";
  private line = 1;
  private column = 0;
  private start: ErrorLocation;
  private pieces: Buffer[] = [];
  private depth = 0;
  private inText = false;
  private escaped = false;
  private lineEnded = false;
  private readonly utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(private readonly file: string) {
    this.start = { file };
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const current = chunk[index]!;
      this.advance(current);
      if (this.state === "element") {
        if (!this.endsElement(current)) continue;
        this.pieces.push(Buffer.from(chunk.subarray(from, index)));
        this.finishElement();
        this.outside(current);
      } else if (this.outside(current)) {
        from = index;
      }
    }
    if (this.state === "element") this.pieces.push(Buffer.from(chunk.subarray(from)));
  }

  end(): Element[] {
    if (this.state === "element" && this.depth <= 0 && !this.inText) this.finishElement();
    if (this.state === "after") return this.elements;
    const [line, column] = this.lineEnded ? [this.line + 1, 1] : [this.line, this.column + 1];
    const end = { file: this.file, line, column };
    if (this.state === "before") throw invalid(end, "the file is empty", fixes.list);
    const row = this.elements.length + 1;
    const message =
      this.state === "element"
        ? `the file ends inside row ${row}, which begins at line ${this.start.line}`
        : `the list does not end: "]" is missing after row ${row - 1}`;
    throw invalid(end, message, fixes.truncated);
  }

  private here(): ErrorLocation {
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
      const expected = expects[this.state as keyof typeof expects];
      const fix = this.state === "before" ? fixes.list : fixes.syntax;
      throw invalid(this.here(), `"${String.fromCharCode(current)}" stands where ${expected} is expected`, fix);
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
    const json = this.decode(bytes);
    try {
      this.elements.push({ value: JSON.parse(json), at: this.start });
    } catch {
      const { offset, expected } = findSyntaxError(json)!;
      const message = `row ${this.elements.length + 1} is not valid JSON: expected ${expected}`;
      throw invalid(this.placeAfter(json.slice(0, offset)), message, fixes.syntax);
    }
  }

  private decode(bytes: Buffer): string {
    try {
      return this.utf8.decode(bytes);
    } catch {
      const lenient = bytes.toString("utf8");
      const valid = validPrefix(bytes, lenient);
      const message = `row ${this.elements.length + 1} holds bytes that are not UTF-8`;
      throw invalid(this.placeAfter(valid), message, fixes.utf8);
    }
  }

  /** The place of the character that follows `text` in the current element. */
  private placeAfter(text: string): ErrorLocation {
    const lines = text.split("\n");
    const characters = [...lines.at(-1)!].length;
    const column = lines.length === 1 ? this.start.column! + characters : characters + 1;
    return { file: this.file, line: this.start.line! + lines.length - 1, column };
  }
}

/** The text before the first byte that is not UTF-8. A replacement character that was really written does not count. */
function validPrefix(bytes: Buffer, lenient: string): string {
  let index = lenient.indexOf("\ufffd");
  while (index >= 0) {
    const prefix = lenient.slice(0, index + 1);
    if (!bytes.subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix))) return lenient.slice(0, index);
    index = lenient.indexOf("\ufffd", index + 1);
  }
  return lenient;
}
