import type { ComponentRates } from "./objective.js";

/** The factor on the learning rate of a tensor: that of the longest key which its name contains, else 1. */
export function rateOf(rates: ComponentRates): (name: string) => number {
  const keys = Object.keys(rates).sort((a, b) => b.length - a.length);
  return (name) => rates[keys.find((part) => name.includes(part)) ?? ""] ?? 1;
}
