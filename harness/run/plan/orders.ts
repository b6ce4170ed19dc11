import { BenchError } from "../../contract/errors.js";
import { random } from "../../contract/random.js";
import type { Order, Suite } from "../../contract/suite.js";

/**
 * The first `count` task orders of a suite: the published ones, then seeded shuffles named `shuffle-1`, `shuffle-2` …
 * A name means the same sequence in every run of the suite, whatever the run's seeds.
 *
 * @throws CONFIG_INVALID when there are not that many different orders.
 */
export function ordersOf(suite: Suite, count: number): Order[] {
  const ids = suite.tasks.map((task) => task.id);
  const orders = suite.orders.slice(0, count);
  for (const order of orders) checkOrder(order, ids, suite.name);
  const possible = factorial(ids.length);
  if (count > possible) {
    throw new BenchError("CONFIG_INVALID", `${ids.length} tasks have ${possible} orders, not ${count}`, {
      fix: `Ask for at most ${possible} orders.`,
    });
  }
  const taken = new Set(orders.map((order) => order.tasks.join("\n")));
  for (let draw = 1; orders.length < count; draw++) {
    const tasks = random({ seed: 0, stream: "task-order", item: draw }).shuffle(ids);
    const key = tasks.join("\n");
    if (taken.has(key)) continue;
    taken.add(key);
    orders.push({ name: `shuffle-${orders.length + 1 - Math.min(suite.orders.length, count)}`, tasks });
  }
  return orders;
}

function checkOrder(order: Order, ids: string[], suite: string): void {
  if (order.tasks.toSorted().join("\n") === ids.toSorted().join("\n")) return;
  throw new BenchError("PLUGIN_INVALID", `order "${order.name}" of suite "${suite}" does not name each task once`, {
    fix: `List exactly: ${ids.join(", ")}.`,
  });
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
