/** One line of CSV (RFC 4180): fields with commas, quotes or line breaks are quoted; null is empty. */
export function csvLine(fields: readonly (string | number | boolean | null | undefined)[]): string {
  const field = (value: (typeof fields)[number]): string => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${fields.map(field).join(",")}\n`;
}

/** The records of a CSV text (RFC 4180). */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  for (const [, quoted, plain = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/g)) {
    if (end === "" && quoted === undefined && plain === "" && record.length === 0) break;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    records.push(record);
    record = [];
    if (end === "") break;
  }
  return records;
}
