import { type Field, invalid, isMissing, numberOf, shapeOfMatrix } from "./table.js";

const textOf = ({ value }: Field): string => String(value).trim();

const isName = (field: Field): boolean => !isMissing(textOf(field)) && numberOf(textOf(field)) === undefined;

/** 0, 1, 2, … or 1, 2, 3, …: what a library writes where it has no names. */
function counts(fields: readonly Field[]): boolean {
  const first = fields.length === 0 ? "" : textOf(fields[0]!);
  return (
    (first === "0" || first === "1") && fields.every((field, index) => textOf(field) === String(Number(first) + index))
  );
}

/** What the column of row names is called by those who name it. */
const namesOfIndex =
  /^(?:unnamed: 0|index|row|rows|step|after|trained|training|task|tasks|experience|session|model)?$/i;

/** A column or row that sums up others and is no task. */
const summary = /^(?:mean|average|avg\.?|std|overall)$/i;

/**
 * Tells names of columns and of rows from the scores. The column of row names is recognized by its names, by its heading
 * (nothing, as pandas writes it, or a word such as "index"), or by a first line that is shorter by one.
 *
 * @throws DATA_INVALID where it cannot be decided what is a score, for equal names, and for columns or rows of means.
 */
export function splitHeader(records: Field[][]): { rows: Field[][]; names?: Field[] } {
  const [first, ...others] = records as [Field[], ...Field[][]];
  const titled = isTitle(first, others);
  const body = titled ? others : records;
  const column = body.map((record) => record[0]!);
  const shorter = titled && body.length > 0 && body.every((record) => record.length === first.length + 1);
  const unnamed = titled && !shorter && first.length > 1 && namesOfIndex.test(textOf(first[0]!));
  const isNamed = counts(column) || column.some(isName) || column.every((field) => isMissing(textOf(field)));
  const labeled = body.length > 0 && (shorter || column.every(isName) || (unnamed && isNamed));
  if (!labeled) refuseIndex(column, unnamed ? first[0] : undefined);
  if (labeled) refuseSummaries(column, "row");
  const rows = labeled ? body.map((record) => record.slice(1)) : body;
  if (!titled) return { rows };
  const names = labeled && !shorter && first.length === body[0]!.length ? first.slice(1) : first;
  refuseSummaries(names, "column");
  return { rows, names };
}

/** Whether the first record names the columns. */
function isTitle(first: Field[], others: Field[][]): boolean {
  const [corner, ...rest] = first as [Field, ...Field[]];
  if (rest.length === 0) return isName(corner);
  if (rest.every(isName)) return true;
  if ((isMissing(textOf(corner)) || isName(corner)) && counts(rest)) return true;
  if (!counts(first)) return false;
  if (rest.length > 1) return true;
  // "0,1" may be the names of two tasks or their first scores.
  if (others.length === 2) {
    throw invalid('"0,1" may be names or scores', "Name the tasks in the first line.", corner.at);
  }
  return others.length > 2;
}

function refuseIndex(column: readonly Field[], heading: Field | undefined): void {
  if (heading === undefined && !(column.length > 2 && counts(column))) return;
  const what =
    heading === undefined ? "the first column counts the rows" : "the first column is not named as a task is";
  const fix = 'Remove the column where it only counts rows (call it "index"), or give it the name of its task.';
  throw invalid(what, fix, (heading ?? column[0]!).at);
}

function refuseSummaries(names: readonly Field[], what: "row" | "column"): void {
  const found = names.find((name) => summary.test(textOf(name)));
  if (found === undefined) return;
  const message = `the ${what} "${textOf(found)}" is no ${what} of a matrix`;
  throw invalid(message, `Remove it. ${shapeOfMatrix}`, found.at);
}
