import { BenchError, type ErrorLocation } from "../../../harness/contract/errors.js";
import type { FileRow } from "../formats/row.js";

/** An image that a row names. */
export interface RowImage {
  /** As the row names it. */
  name: string;
  path: string;
  /** The row's number and place. */
  row: number;
  at: ErrorLocation;
}

/** One question with its accepted answers, whatever the file looked like. */
export interface Row {
  prompt: string;
  /** The first is trained on; a scorer takes the best over all. Empty where the row has no answer. */
  references: string[];
  /** What the row has in common with others, such as the text that they ask about. */
  group?: string;
  /** Those that the prompt has places for, where images are read. */
  images?: RowImage[];
}

/** A surrogate without its other half, which no encoding can write. */
const halfCharacter = /\p{Surrogate}/u;

/** The words for the answers in a file: a list by number from 0, or a map by text. */
export type Labels = string[] | Record<string, string>;

/** How often something was read that is worth saying, by the words that say it. */
export type Tally = Map<string, number>;

/** The columns of one row, turned into text; every error names the row, the column and what to do. */
export class Cells {
  readonly values: Record<string, unknown>;

  /** @throws DATA_INVALID for a row that is no object. */
  constructor(
    private readonly row: FileRow,
    private readonly tally: Tally,
    private readonly labels?: Labels,
  ) {
    const { value } = row;
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      this.complain("is not an object", 'Write each row as { "prompt": "…", "answer": "…" }.');
    }
    this.values = Object.assign(Object.create(null), value);
  }

  /** Where the row is. */
  get place(): Pick<RowImage, "row" | "at"> {
    return { row: this.row.number, at: this.row.at };
  }

  complain(problem: string, fix: string): never {
    throw new BenchError("DATA_INVALID", `row ${this.row.number} ${problem}`, { at: this.row.at, fix });
  }

  /** Notes that something worth saying was read. */
  count(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
  }

  has(column: string): boolean {
    return this.values[column] !== undefined;
  }

  /** A column that must contain text: the value itself, or a number whose text is certain. */
  text(column: string, value = this.values[column]): string {
    if (value === undefined) {
      const there = Object.keys(this.values).slice(0, 12).join(", ") || "nothing";
      this.complain(`has no "${column}": it has ${there}`, `Add "${column}", or remove the row.`);
    }
    if (value === null) this.complain(`has no "${column}": it is null`, "Fill it, or remove the row.");
    if (typeof value === "string") {
      if (!halfCharacter.test(value)) return value;
      const fix = "Write the text again from its source: a character outside the basic plane was cut in two.";
      return this.complain(`has half a character in "${column}"`, fix);
    }
    if (typeof value === "number" || typeof value === "bigint") return this.#number(column, value);
    if (value instanceof Date) return value.toISOString();
    return this.#refuse(column, value);
  }

  /** The accepted answers in a column: one text, several in a list, or none where it is empty or null. */
  references(column: string, value = this.values[column]): string[] {
    if (value === null) return [];
    if (this.labels !== undefined && value !== undefined && !Array.isArray(value))
      return [this.#label(column, value, this.labels)];
    if (!Array.isArray(value)) {
      const text = this.text(column, value);
      return text.trim() === "" ? [] : [text];
    }
    if (value.some((item) => item !== null && typeof item === "object")) this.#refuse(column, value);
    const texts = value.map((item) => this.text(column, item)).filter((text) => text.trim() !== "");
    if (texts.length > 1) this.count("rows with several accepted answers; the first is trained on");
    return [...new Set(texts)];
  }

  #label(column: string, value: unknown, labels: Labels): string {
    const label = Object.hasOwn(labels, String(value)) ? (labels as Record<string, string>)[String(value)] : undefined;
    if (label !== undefined) return label;
    const known = Object.keys(labels).join(", ");
    return this.complain(
      `has ${named(column)} without a label: ${String(value)}`,
      `Labels are given for ${known}; add it.`,
    );
  }

  #number(column: string, value: number | bigint): string {
    if (typeof value === "number") {
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        const problem = `has ${named(column)} that is a number too large to be read exactly: ${value}`;
        this.complain(problem, "Put it in quotes, digit for digit.");
      }
      if (!Number.isFinite(value))
        this.complain(`has ${named(column)} that is ${value}`, "Fill it, or remove the row.");
    }
    const text = String(value);
    if (text.includes("e")) {
      this.complain(
        `has ${named(column)} that is a number of uncertain digits: ${text}`,
        "Write it as text, in quotes.",
      );
    }
    this.count(`numbers in "${column}", read as text`);
    return text;
  }

  #refuse(column: string, value: unknown): never {
    const shown = JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner)) ?? "?";
    const problem = `has ${named(column)} that is no text: ${shown.slice(0, 80)}`;
    if (typeof value === "boolean") {
      const fix = `Write the words that are expected, such as "yes"; or name them in suite.yaml: labels: { ${value}: "yes" }.`;
      return this.complain(problem, fix);
    }
    if (Array.isArray(value)) return this.complain(problem, "Give one text; only answers may be a list of texts.");
    return this.complain(
      problem,
      "Give a text, or name the columns to read in suite.yaml: columns: { prompt, answer }.",
    );
  }
}

const named = (column: string): string => `${/^[aeiou]/.test(column) ? "an" : "a"} "${column}"`;
