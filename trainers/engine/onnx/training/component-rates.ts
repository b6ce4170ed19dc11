import type { ParameterStore } from "../parameters/parameter-store.js";

/** A factor on the learning rate for each parameter: that of the longest key which its tensor's name contains, else 1. */
export function componentRates(store: ParameterStore, rates: Readonly<Record<string, number>>): Float32Array {
  const keys = Object.keys(rates).sort((a, b) => b.length - a.length);
  const factors = new Float32Array(store.length);
  for (const { name } of store.tensors) {
    const key = keys.find((part) => name.includes(part));
    store.view(name, factors).fill(key === undefined ? 1 : rates[key]!);
  }
  return factors;
}
