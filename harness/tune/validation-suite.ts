import { suggestName } from "../config/suggest-name.js";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { random } from "../contract/random.js";
import type { Order, Suite, Task } from "../contract/suite.js";
import { mostOrders, ordersOf } from "../run/plan/orders.js";

/** Changes whenever the derived suite would contain other items. */
const version = 1;

/**
 * The suite that candidates are tuned on: the first tasks of an order, asked on validation data. A task's validation
 * items are dealt into two halves, the same for every candidate: a learner may see one as its validation data, and is
 * scored on the other. Test data, probes and later tasks are not there, so nothing can use them.
 *
 * @param count how many tasks.
 * @throws CONFIG_INVALID where the suite has fewer tasks or a task has no two validation items.
 */
export function validationSuite(suite: Suite, order: Order, count: number): Suite {
  if (count > order.tasks.length) {
    throw new BenchError("CONFIG_INVALID", `the suite "${suite.name}" has ${order.tasks.length} tasks, not ${count}`, {
      fix: `Ask for at most ${order.tasks.length} with --tasks.`,
    });
  }
  const ids = order.tasks.slice(0, count);
  const tasks = suite.tasks.filter(({ id }) => ids.includes(id)).map(onValidation);
  return {
    ...suite,
    name: `${suite.name}-validation`,
    title: `${suite.title}: validation data of the first ${count} tasks of ${order.name}`,
    tasks,
    orders: [{ name: order.name, tasks: ids }],
    probes: [],
    digest: digestOf({ validationOf: suite.digest, version, tasks: ids }),
    notes: [
      ...(suite.notes ?? []),
      "scored on one half of the validation data; learners may see the other; no test data, no later tasks",
    ],
  };
}

/** Names the order that tables use last: `shuffle-9`, or the last one of a suite that has fewer. */
export const orderApart = "apart";
const shuffleApart = 9;

/**
 * The order of a name, of the published ones or a shuffle as a run draws it (`shuffle-1` …); without a name the suite's
 * first, or its tasks in their given order; `orderApart`. Throws UNKNOWN_NAME, and CONFIG_INVALID where there are not so
 * many shuffles.
 */
export function orderOf(suite: Suite, name: string | undefined): Order {
  const orders =
    suite.orders.length > 0 ? suite.orders : [{ name: "as-listed", tasks: suite.tasks.map(({ id }) => id) }];
  const shuffle = /^shuffle-([1-9]\d{0,3})$/.exec(name ?? "")?.[1];
  if (shuffle !== undefined) return ordersOf(suite, suite.orders.length + Number(shuffle)).at(-1)!;
  if (name === orderApart)
    return ordersOf(suite, Math.min(suite.orders.length + shuffleApart, mostOrders(suite))).at(-1)!;
  const found = name === undefined ? orders[0] : orders.find((order) => order.name === name);
  if (found !== undefined) return found;
  throw new BenchError("UNKNOWN_NAME", `the suite "${suite.name}" has no order "${name}"`, {
    fix: suggestName(
      name!,
      orders.map((order) => order.name),
    ),
  });
}

function onValidation({ shifted: _shifted, ...task }: Task): Task {
  const items = random({ seed: 0, stream: "validation-halves", task: task.id }).shuffle(task.validation);
  if (items.length < 2) {
    throw new BenchError("CONFIG_INVALID", `task "${task.id}" has ${items.length} validation items; tuning needs two`, {
      fix: "Give the task validation data, or tune on the tasks before it with --tasks.",
    });
  }
  const seen = Math.floor(items.length / 2);
  return { ...task, validation: items.slice(0, seen), test: items.slice(seen) };
}
