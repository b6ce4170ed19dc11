import { checkOptions } from "../../harness/config/options.js";
import { toBenchError } from "../../harness/contract/errors.js";
import { composeStrategies } from "../training/compose.js";
import type { Method } from "./method.js";

/** Two methods side by side, the first acting before the second; the reason where they contradict each other. */
export interface Pair {
  first: Method;
  second: Method;
  reason: string | null;
}

/** A method's own options, checked, with the defaults of those that nothing is said of. */
export function optionsOf(method: Method, given: unknown = {}): Record<string, unknown> {
  return checkOptions({ properties: method.options }, given, `method "${method.name}"`);
}

/** Every pair of methods with their defaults, in the order of the list. */
export function pairsOf(methods: readonly Method[]): Pair[] {
  return methods.flatMap((first, index) =>
    methods.slice(index + 1).map((second) => ({ first, second, reason: contradiction(first, second) })),
  );
}

/** Which pairs compose, as Markdown: a triangle of marks, and the reasons of those that do not. */
export function compositionTable(methods: readonly Method[]): string {
  const pairs = pairsOf(methods);
  const reasons = [...new Set(pairs.flatMap(({ reason }) => reason ?? []))];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const mark = (first: Method, second: Method): string => {
    const pair = pairs.find((own) => own.first === first && own.second === second);
    if (pair === undefined) return "";
    return pair.reason === null ? "✓" : `${reasons.indexOf(pair.reason) + 1}`;
  };
  return [
    row(["", ...methods.slice(1).map(({ name }) => `\`${name}\``)]),
    row(methods.map(() => "---")),
    ...methods
      .slice(0, -1)
      .map((first) => row([`\`${first.name}\``, ...methods.slice(1).map((second) => mark(first, second))])),
    "",
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
    "",
  ].join("\n");
}

function contradiction(first: Method, second: Method): string | null {
  try {
    composeStrategies(
      [first, second].map((method) => ({ name: method.name, strategy: method.strategy(optionsOf(method)) })),
    );
    return null;
  } catch (error) {
    return toBenchError(error).message.replace(/^.*? do not compose: /, "");
  }
}
