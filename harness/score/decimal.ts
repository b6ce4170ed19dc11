const form = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d{1,6}))?$/;

/**
 * The exact value of a decimal numeral, in a form that is equal for equal values: significant digits and a power of ten.
 * No floating point, so that 9007199254740993 and 9007199254740992 differ.
 *
 * @returns undefined where the text is no numeral.
 */
export function decimalValue(numeral: string): string | undefined {
  const [, sign, whole = "", fraction = "", exponent = "0"] = form.exec(numeral) ?? [];
  const digits = whole + fraction;
  if (digits === "") return undefined;
  let [start, end] = [0, digits.length];
  while (start < end && digits[start] === "0") start++;
  while (end > start && digits[end - 1] === "0") end--;
  if (start === end) return "0";
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${sign === "-" ? "-" : ""}${digits.slice(start, end)}e${power}`;
}
