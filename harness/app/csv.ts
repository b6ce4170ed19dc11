/** One line of CSV (RFC 4180): fields with commas, quotes or line breaks are quoted; null is empty. */
export function csvLine(fields: readonly (string | number | boolean | null | undefined)[]): string {
  const field = (value: (typeof fields)[number]): string => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${fields.map(field).join(",")}\n`;
}
