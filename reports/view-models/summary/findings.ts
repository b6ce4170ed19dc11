import { plural } from "../../../harness/contract/printable.js";
import { seedsPerOrder } from "../../../harness/metrics/statistics/clusters.js";
import type { ReportData } from "../../report-data.js";
import { type Entry, isEvaluation } from "../shared/entries.js";
import { count, duration, list, points, signedPoints } from "../shared/format.js";

/** One sentence of the summary. */
export interface Finding {
  topic: string;
  /** Names are enclosed in double asterisks. */
  text: string;
}

/** Which trainers the sentences are about: references and joint training are not among them. */
const inSequence = { one: "that learns in sequence", many: "that learn in sequence" };

/** The summary of a run: performance, forgetting, general ability, cost and uncertainty. */
export function findings(data: ReportData, entries: readonly Entry[]): Finding[] {
  const learners = entries.filter(({ trainer, row }) => trainer.schedule === "sequence" && mean(row, "op") !== null);
  if (isEvaluation(data.run)) return [evaluation(data, entries), uncertainty(data)];
  if (learners.length === 0) {
    return [{ topic: "No results", text: "No trainer that learns in sequence has a finished cell." }];
  }
  return [
    performance(learners, entries),
    forgetting(learners),
    generalAbility(learners),
    cost(learners, entries),
    uncertainty(data),
  ].filter((finding) => finding !== undefined);
}

/** Scores of models that the run did not train. */
function evaluation({ run }: ReportData, entries: readonly Entry[]): Finding {
  const scores = entries.flatMap((entry) => {
    const score = mean(entry.row, "op");
    return score === null ? [] : [`**${entry.name}** scores ${points(score)}`];
  });
  if (scores.length === 0) return { topic: "No results", text: "The evaluation has no finished cell." };
  const text = `${list(scores)} of 100 on average over ${plural(run.suite.tasks.length, "task")}, without training in this run.`;
  return { topic: "Performance", text };
}

function performance(learners: readonly Entry[], entries: readonly Entry[]): Finding {
  const { highest } = extremes(learners, (row) => mean(row, "op"), points)!;
  const [best] = highest.entries as [Entry];
  const others = learners.filter((entry) => !highest.entries.includes(entry));
  const overlapping = others.filter(({ row }) => best.row.rank && row.rank && row.rank.best <= best.row.rank.worst);
  const verb = highest.entries.length === 1 ? "has" : "share";
  const order =
    overlapping.length > 0
      ? `; ${highest.entries.length === 1 ? "its" : "their"} rank interval overlaps with that of ${names(overlapping)}, so the order among them is not established`
      : "";
  const bounds = [
    boundText(entries, "upper bound", "joint training reaches"),
    boundText(entries, "lower bound", "the model without training"),
  ].filter((text) => text !== undefined);
  const reference = bounds.length === 0 ? "" : ` For reference, ${list(bounds)}.`;
  const scope = learners.length > 1 ? ` of the trainers ${inSequence.many}` : "";
  return {
    topic: "Performance",
    text: `${names(highest.entries)} ${verb} the highest overall performance (OP)${scope}, ${highest.text} of 100${order}.${reference}`,
  };
}

function boundText(entries: readonly Entry[], bound: Entry["bound"], words: string): string | undefined {
  const entry = entries.find((candidate) => candidate.bound === bound && mean(candidate.row, "op") !== null);
  return entry && `${words} ${points(mean(entry.row, "op"))} (**${entry.name}**)`;
}

function forgetting(learners: readonly Entry[]): Finding | undefined {
  const found = extremes(learners, (row) => mean(row, "forgetting"), points);
  if (found === undefined) return undefined;
  const { highest, lowest } = found;
  const accuracies = highest.entries.length === 1 ? points(mean(highest.entries[0]!.row, "learningAccuracy")) : "";
  const after = accuracies === "" ? "" : `, after a learning accuracy (LA) of ${accuracies}`;
  const text =
    lowest === undefined
      ? `Mean forgetting of earlier tasks is ${highest.text} points for ${whole(highest.entries, learners)}${after}.`
      : `Mean forgetting of earlier tasks is highest for ${names(highest.entries)} (${highest.text} points${after}) and lowest for ${names(lowest.entries)} (${lowest.text}).`;
  return { topic: "Forgetting", text };
}

function generalAbility(learners: readonly Entry[]): Finding | undefined {
  const found = extremes(learners, (row) => mean(row, "generalAbilityDelta"), signedPoints);
  if (found === undefined) return undefined;
  const { highest, lowest, known } = found;
  if (lowest === undefined) {
    const text = `General ability, which no task trains, changes by ${highest.text} points for ${whole(highest.entries, learners)}.`;
    return { topic: "General ability", text };
  }
  const falling = known.filter(({ text }) => text.startsWith("−")).length;
  const falls =
    falling === 0
      ? `falls for no trainer ${inSequence.one}`
      : falling === known.length
        ? `falls for every trainer ${inSequence.one}`
        : `falls for ${falling} of the ${known.length} trainers ${inSequence.many}`;
  const text = `General ability, which no task trains, ${falls}: from ${lowest.text} points for ${names(lowest.entries)} to ${highest.text} for ${names(highest.entries)}.`;
  return { topic: "General ability", text };
}

function cost(learners: readonly Entry[], entries: readonly Entry[]): Finding | undefined {
  const best = learners[0]!;
  const secondsOf = ({ row }: Entry) => row.cost.wallSeconds ?? 0;
  const own = secondsOf(best);
  const timed = entries.filter((entry) => entry.trainer.schedule !== "once" && secondsOf(entry) > 0);
  const fastest = timed.reduce<Entry | undefined>((a, b) => (a && secondsOf(a) <= secondsOf(b) ? a : b), undefined);
  if (fastest === undefined || own === 0) return undefined;
  const samples = best.row.cost.bufferSamples ?? 0;
  const storage = samples > 0 ? `stores ${count(samples)} samples of past tasks` : "stores no past data";
  const ratio = (own / secondsOf(fastest)).toFixed(1);
  const compared =
    timed.length < 2
      ? ""
      : fastest === best
        ? ", the shortest time of all trained methods,"
        : `, ${ratio === "1.0" ? "about" : `${Number(ratio)} times`} as long as **${fastest.name}**, the fastest trained method,`;
  return {
    topic: "Cost",
    text: `**${best.name}** takes ${duration(own)} per sequence${compared} and ${storage}.`,
  };
}

function uncertainty({ run, cells }: ReportData): Finding {
  const open = cells.filter(({ status }) => status !== "done").length;
  const seeds = plural(seedsPerOrder(run.cells), "seed");
  const sentences = [
    ...(isEvaluation(run)
      ? ["Without training there are no task orders; the interval below OP is that of the test items."]
      : run.orders.length < 2
        ? [
            "One task order gives no confidence intervals and no ranks.",
            run.source === undefined
              ? "Use --orders 3 to measure the effect of the order."
              : "A continued sequence has only one order.",
          ]
        : [`Intervals are 95% confidence intervals over ${run.orders.length} task orders with ${seeds} each.`]),
    ...(run.orders.length === 2 ? ["Two orders give wide intervals; more orders narrow them."] : []),
    ...(open > 0
      ? [
          `${plural(open, "cell")} of ${cells.length} ${open === 1 ? "is" : "are"} missing; trainers with missing cells are not ranked.`,
        ]
      : []),
    ...(run.quick ? ["The quick configuration is a smoke test, too small to compare methods."] : []),
    ...(run.suite.generated
      ? ["The data is generated and the model small: interpret differences, not absolute scores."]
      : []),
  ];
  return { topic: "Uncertainty", text: sentences.join(" ") };
}

interface Extreme {
  entries: Entry[];
  text: string;
}

/**
 * The entries with the highest and the lowest value as displayed, so that ties are named together; `lowest` is absent
 * where all values are displayed alike. Undefined where no value is known.
 */
function extremes(
  entries: readonly Entry[],
  scoreOf: (row: Entry["row"]) => number | null,
  format: (value: number) => string,
): { highest: Extreme; lowest?: Extreme; known: { text: string }[] } | undefined {
  const known = entries
    .flatMap((entry) => {
      const value = scoreOf(entry.row);
      return value === null ? [] : [{ entry, value, text: format(value) }];
    })
    .sort((a, b) => b.value - a.value);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const group = (text: string): Extreme => ({
    entries: known.filter((item) => item.text === text).map(({ entry }) => entry),
    text,
  });
  const highest = group(first.text);
  return { highest, known, ...(last.text === first.text ? {} : { lowest: group(last.text) }) };
}

/** At most three names; more are counted. */
function names(entries: readonly Entry[]): string {
  return entries.length > 3 ? `${entries.length} trainers` : list(entries.map(({ name }) => `**${name}**`));
}

function whole(entries: readonly Entry[], all: readonly Entry[]): string {
  return entries.length === all.length && all.length > 1 ? `every trainer ${inSequence.one}` : names(entries);
}

function mean(row: Entry["row"], metric: string): number | null {
  return row.metrics[metric]?.mean ?? null;
}
