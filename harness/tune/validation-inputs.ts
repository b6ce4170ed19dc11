import { type OpenInputs, openInputs, type RunInputs } from "../run/plan/inputs.js";
import { orderOf, validationSuite } from "./validation-suite.js";

/**
 * How searches get their data: the validation data of the first tasks of an order, loaded and measured once for each
 * number of tasks, however many trainers are searched on it; where that fails, the next search tries again. For one
 * configuration of suite and model.
 *
 * @param order see `orderOf`.
 */
export function validationInputs(order: string | undefined): (tasks: number) => OpenInputs {
  const opened = new Map<number, Promise<RunInputs>>();
  return (tasks) => (config, registry) => {
    const known = opened.get(tasks);
    if (known !== undefined) return known;
    const derived = openInputs(config, registry, (suite) => validationSuite(suite, orderOf(suite, order), tasks));
    opened.set(tasks, derived);
    derived.catch(() => opened.delete(tasks));
    return derived;
  };
}
