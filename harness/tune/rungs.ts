import { BenchError } from "../contract/errors.js";

/** How candidates are searched. */
export interface Search {
  kind: "random" | "halving";
  /** Tasks of the last rung. */
  tasks: number;
  /** How many candidates are drawn, the default configuration among them. */
  candidates: number;
  /** Halving: each rung keeps the best 1/η of its candidates, and has about η times the tasks of the one before. */
  eta: number;
}

/** One stage of a search: every candidate that is left learns so many tasks. */
export interface Rung {
  tasks: number;
  /** At most; the default configuration stays to the end and may come on top. */
  candidates: number;
}

/** With one task nothing is forgotten yet, and a method against forgetting would be chosen blindly. */
const leastTasks = 2;

/**
 * The rungs of a search: one for random search; for successive halving (Jamieson and Talwalkar, arXiv 1502.07943) as
 * many as there are, with a growing number of tasks, from two on.
 *
 * @throws CONFIG_INVALID where there are too few tasks for two rungs.
 */
export function rungsOf({ kind, tasks, candidates, eta }: Search): Rung[] {
  if (kind === "random") return [{ tasks, candidates }];
  const sizes = [tasks];
  while (sizes[0]! > leastTasks) sizes.unshift(Math.max(leastTasks, Math.floor(sizes[0]! / eta)));
  if (sizes.length < 2) {
    throw new BenchError("CONFIG_INVALID", `halving needs two rungs, and ${tasks} tasks give one`, {
      fix: `Ask for more than ${leastTasks} tasks with --tasks, or search with --search random.`,
    });
  }
  return sizes.map((size, rung) => ({ tasks: size, candidates: Math.max(1, Math.ceil(candidates / eta ** rung)) }));
}
