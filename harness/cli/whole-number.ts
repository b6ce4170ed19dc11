import { InvalidArgumentError } from "commander";

/** Reads a flag that is a whole number within limits. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}

/** Reads a flag that is a number of seconds, at most a day. */
export function seconds({ zero = false } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && (zero || value > 0) && value <= 86_400) return value;
    throw new InvalidArgumentError(`Give a number of seconds ${zero ? "from 0 to" : "above 0, at most"} 86400.`);
  };
}

/** Reads a flag that is a number above 0, such as 4e11. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (/^\d[\d.]*(e\d{1,2})?$/i.test(text) && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Give a number above 0, such as 4e11.");
}
