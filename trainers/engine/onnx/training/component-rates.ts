import { isOfTower } from "../../../model/vision/vision-config.js";
import { rateOf } from "../../component-rate.js";
import type { ComponentRates } from "../../contract.js";
import type { ParameterStore } from "../parameters/parameter-store.js";

/** A factor on the learning rate for each parameter. */
export function componentRates(store: ParameterStore, rates: ComponentRates): Float32Array {
  const factors = new Float32Array(store.length);
  const rate = rateOf(rates);
  for (const { name } of store.tensors) store.view(name, factors).fill(rate(name));
  return factors;
}

/** Whether the tower of a model that is trained as a whole stays as it is. */
export function freezesTower(store: ParameterStore, rates: ComponentRates = {}): boolean {
  const rate = rateOf(rates);
  return store.tensors.every(({ name }) => !isOfTower(name) || rate(name) === 0);
}

/** Sets a vector to 0, in place, where a rate is. */
export function freeze(store: ParameterStore, rates: ComponentRates = {}, vector: Float32Array): void {
  const rate = rateOf(rates);
  for (const { name } of store.tensors) if (rate(name) === 0) store.view(name, vector).fill(0);
}
