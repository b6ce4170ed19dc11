import { suggestName } from "../../config/suggest-name.js";
import { BenchError, type ErrorLocation } from "../../contract/errors.js";
import type { ProbeKind } from "../../contract/suite.js";

/** Something of an evaluated model that can be compared: a weighted mean over tasks or probes. */
export interface ItemMeasure {
  key: string;
  title: string;
  /** `task:<id>` or `probe:<id>` → its weight; they add up to 1. */
  weights: Readonly<Record<string, number>>;
}

/** The tasks and probes of a suite, as far as their answers are compared. */
export interface AnsweredSuite {
  tasks: readonly string[];
  probes: readonly { id: string; kind: ProbeKind }[];
}

const kinds: Record<ProbeKind, string> = {
  general: "General ability",
  instruction: "Instruction following",
  safety: "Safety",
  unseen: "Unseen tasks",
};

/** `op`, each task, each probe, and the mean over the probes of each kind. Scores are absolute, higher is better. */
export function itemMeasures({ tasks, probes }: AnsweredSuite): ItemMeasure[] {
  const over = (key: string, title: string, sets: readonly string[]): ItemMeasure[] =>
    sets.length === 0 ? [] : [{ key, title, weights: Object.fromEntries(sets.map((set) => [set, 1 / sets.length])) }];
  const single = (key: string) => over(key, key.slice(key.indexOf(":") + 1), [key]);
  const ofKind = (kind: ProbeKind) => probes.filter((probe) => probe.kind === kind).map(({ id }) => `probe:${id}`);
  return [
    ...over(
      "op",
      "Overall performance",
      tasks.map((id) => `task:${id}`),
    ),
    ...tasks.flatMap((id) => single(`task:${id}`)),
    ...(Object.keys(kinds) as ProbeKind[]).flatMap((kind) => over(kind, kinds[kind], ofKind(kind))),
    ...probes.flatMap(({ id }) => single(`probe:${id}`)),
  ];
}

/** What replaces a metric of learning where a model is evaluated as it is. */
const absolute: Record<string, string> = {
  generalAbilityDelta: "general",
  instructionFollowingDelta: "instruction",
  safetyDelta: "safety",
  generalizationUnseen: "unseen",
};

/**
 * The measure of a key.
 *
 * @param learning keys of metrics that need a model that learns.
 * @throws USAGE for one of those; UNKNOWN_NAME, with the near one, for what is no metric.
 */
export function itemMeasureOf(
  key: string,
  suite: AnsweredSuite,
  learning: readonly string[],
  at?: ErrorLocation,
): ItemMeasure {
  const known = itemMeasures(suite);
  const found = known.find((measure) => measure.key === key);
  if (found !== undefined) return found;
  const names = known.map((measure) => measure.key);
  if (!learning.includes(key)) {
    throw new BenchError("UNKNOWN_NAME", `there is no metric "${key}"`, { fix: suggestName(key, names), at });
  }
  const instead = absolute[key];
  throw new BenchError("USAGE", `${key} is a change by learning; a checkpoint that is evaluated as it is has none`, {
    fix:
      instead === undefined
        ? `Judge it by ${names.slice(0, 3).join(", ")} …`
        : `Judge it by the absolute score: ${instead}.`,
    at,
  });
}
