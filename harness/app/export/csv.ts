type Field = string | number | boolean | null | undefined;

/**
 * One line of CSV (RFC 4180): fields with commas, quotes or line breaks are quoted; null is empty.
 *
 * @param forSpreadsheet puts an apostrophe before text that a spreadsheet would compute: what begins with `=`, `+`, `-`,
 *   `@`, a tab or a carriage return and is no number.
 */
export function csvLine(fields: readonly Field[], forSpreadsheet: boolean): string {
  const field = (value: Field): string => {
    const text = value === null || value === undefined ? "" : String(value);
    const shown = forSpreadsheet && typeof value === "string" && isFormula(text) ? `'${text}` : text;
    return /[",\r\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
  };
  return `${fields.map(field).join(",")}\n`;
}

const isFormula = (text: string): boolean =>
  /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text);
