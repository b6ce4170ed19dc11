import { isOfTower } from "../../../model/vision/vision-config.js";
import type { ParameterStore } from "../parameters/parameter-store.js";

type Rates = Readonly<Record<string, number>>;

/** A factor on the learning rate for each parameter: that of the longest key which its tensor's name contains, else 1. */
export function componentRates(store: ParameterStore, rates: Rates): Float32Array {
  const factors = new Float32Array(store.length);
  const rate = rateOf(rates);
  for (const { name } of store.tensors) store.view(name, factors).fill(rate(name));
  return factors;
}

/** Whether the tower of a model that is trained as a whole stays as it is. */
export function freezesTower(store: ParameterStore, rates: Rates = {}): boolean {
  const rate = rateOf(rates);
  return store.tensors.every(({ name }) => !isOfTower(name) || rate(name) === 0);
}

function rateOf(rates: Rates): (name: string) => number {
  const keys = Object.keys(rates).sort((a, b) => b.length - a.length);
  return (name) => rates[keys.find((part) => name.includes(part)) ?? ""] ?? 1;
}
