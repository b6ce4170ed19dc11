import { BenchError } from "../../contract/errors.js";
import { random } from "../../contract/random.js";
import type { Order, Suite } from "../../contract/suite.js";
import { corpusConflict } from "./check-corpora.js";

/** Shuffles that are tried; far more than are needed wherever documents leave a choice. */
const mostDraws = 200_000;

/**
 * The first `count` task orders of a suite: the published ones, then seeded shuffles named `shuffle-1`, `shuffle-2` …
 * A name means the same sequence in every run of the suite, whatever the run's seeds. Where tasks change the documents of
 * earlier ones, only shuffles that leave them in such an order count.
 *
 * @throws CONFIG_INVALID when there are not that many different orders.
 */
export function ordersOf(suite: Suite, count: number): Order[] {
  const ids = suite.tasks.map((task) => task.id);
  const orders = suite.orders.slice(0, count);
  const conflictIn = (tasks: string[]) =>
    corpusConflict(tasks.map((id) => suite.tasks.find((task) => task.id === id)!));
  for (const order of orders) {
    checkOrder(order, ids, suite.name);
    const conflict = conflictIn(order.tasks);
    if (conflict !== undefined) {
      throw new BenchError("PLUGIN_INVALID", `order "${order.name}" of suite "${suite.name}": ${conflict}`, {
        fix: "Order the tasks so that documents are added before they are changed or retracted.",
      });
    }
  }
  const possible = mostOrders(suite);
  if (count > possible) {
    throw new BenchError("CONFIG_INVALID", `${ids.length} tasks have ${possible} orders, not ${count}`, {
      fix: `Ask for at most ${possible} orders.`,
    });
  }
  const taken = new Set(orders.map((order) => order.tasks.join("\n")));
  for (let draw = 1; orders.length < count; draw++) {
    const tasks = random({ seed: 0, stream: "task-order", item: draw }).shuffle(ids);
    const key = tasks.join("\n");
    if (draw > mostDraws) {
      throw new BenchError("CONFIG_INVALID", `no ${count} orders of ${suite.name} were found, but ${orders.length}`, {
        fix: `Ask for at most ${orders.length} orders: each task must come after those whose documents it changes.`,
      });
    }
    if (taken.has(key) || conflictIn(tasks) !== undefined) continue;
    taken.add(key);
    orders.push({ name: `shuffle-${orders.length + 1 - Math.min(suite.orders.length, count)}`, tasks });
  }
  return orders;
}

/** How many orders the tasks of a suite have, where their documents leave every choice. */
export const mostOrders = ({ tasks }: Pick<Suite, "tasks">): number => factorial(tasks.length);

function checkOrder(order: Order, ids: string[], suite: string): void {
  if (order.tasks.toSorted().join("\n") === ids.toSorted().join("\n")) return;
  throw new BenchError("PLUGIN_INVALID", `order "${order.name}" of suite "${suite}" does not name each task once`, {
    fix: `List exactly: ${ids.join(", ")}.`,
  });
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
