import { displayWidth } from "../../contract/display-width.js";

/** More characters of a line, which may quote a plug-in or a server, are left out. */
export const mostCharacters = 2000;

/** Seconds as people say them: 8s, 2m 05s, 1h 04m. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** A range of times, in seconds. */
export function rangeText({ low, high }: { low: number; high: number }): string {
  return `${duration(low)} to ${duration(Math.max(1, high))}`;
}

/** A bar of that many columns; `share` on 0..1. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8);
  const full = Math.floor(eighths / 8);
  const part = " ▏▎▍▌▋▊▉"[eighths % 8]!.trim();
  return `${"█".repeat(full)}${part}${"░".repeat(columns - full - part.length)}`;
}

/** A count with a unit that keeps it short: 950, 14.2k, 3.1M. */
export function count(value: number): string {
  if (value < 1000) return String(Math.round(value));
  return value < 1e6 ? `${(value / 1e3).toFixed(1)}k` : `${(value / 1e6).toFixed(1)}M`;
}

/** Text cut to that many columns of a terminal, with an ellipsis, or filled up with spaces. */
export function toColumns(text: string, columns: number): string {
  const width = displayWidth(text);
  if (width <= columns) return text + " ".repeat(columns - width);
  let cut = "";
  for (const character of text) {
    if (displayWidth(cut + character) > columns - 1) break;
    cut += character;
  }
  return `${cut}…${" ".repeat(Math.max(0, columns - displayWidth(cut) - 1))}`;
}
