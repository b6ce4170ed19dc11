/** Shown in place of a missing value. */
export const missing = "–";

export { points } from "../../../harness/metrics/score-text.js";

/** A difference of scores in points, with its sign. */
export function signedPoints(difference: number | null | undefined): string {
  if (difference === null || difference === undefined) return missing;
  const text = (Math.abs(difference) * 100).toFixed(1);
  return text === "0.0" ? "±0.0" : `${difference > 0 ? "+" : "−"}${text}`;
}

/** Seconds in a readable unit. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return missing;
  if (seconds > 0 && seconds < 0.95) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Number((seconds / 60).toFixed(seconds < 600 ? 1 : 0));
  return minutes < 120 ? `${minutes} min` : `${Number((seconds / 3600).toFixed(1))} h`;
}

/** A count, shortened from ten thousand on. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return missing;
  return scaled(value, 1000, ["", " k", " M", " G", " T", " P"], 10_000);
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return missing;
  return scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"], 1024);
}

/** A date and time without the machine's zone: 2026-11-23 19:04 UTC. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** Names joined as in prose: a, b and c. */
export function list(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** A text cut in the middle, keeping its beginning and its end. */
export function shortened(text: string, limit: number): string {
  const characters = [...text];
  if (characters.length <= limit) return text;
  const half = Math.floor((limit - 3) / 2);
  return `${characters.slice(0, half).join("")} … ${characters.slice(-half).join("")}`;
}

function scaled(value: number, base: number, units: readonly string[], from: number): string {
  if (Math.abs(value) < from) {
    const digits = Math.abs(value) < 1000 ? 1 : 0; // means of counts have fractions, which say nothing beside thousands
    return `${Number(value.toFixed(digits)).toLocaleString("en")}${units[0]}`;
  }
  let unit = 0;
  let rest = value;
  while (Math.abs(rest) >= base && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  return `${Number(rest.toPrecision(3))}${units[unit]}`;
}

/** A name as the fragment of an address. */
export function anchorOf(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.-]+/gu, "-");
}

/** Anchor of the definition of a metric. */
export function metricAnchor(id: string): string {
  return `metric-${anchorOf(id)}`;
}

/** The last two parts of a path, or owner and name of a Hub reference. */
export function modelName(reference: string): string {
  return reference.split(/[\\/]/).filter(Boolean).slice(-2).join("/");
}
