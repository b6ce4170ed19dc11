import { seedsPerOrder } from "../../harness/metrics/clusters.js";
import type { ReportData } from "../report-data.js";
import type { Entry } from "./entries.js";
import { count, duration, list, plural, points, signedPoints } from "./format.js";

/** A sentence that the data supports. */
export interface Finding {
  topic: string;
  /** Names stand between double asterisks. */
  text: string;
}

/** What a reader should know before any table: what was kept, forgotten, harmed, and what it cost. */
export function findings(data: ReportData, entries: readonly Entry[]): Finding[] {
  const learners = entries.filter(({ trainer, row }) => trainer.schedule === "sequence" && scoreOf({ row }) !== null);
  if (learners.length === 0)
    return [{ topic: "Nothing to compare yet", text: "No trainer that learns in sequence has a finished cell." }];
  return [
    kept(learners, entries),
    forgotten(learners),
    generalAbility(learners),
    price(learners),
    certainty(data),
  ].filter((finding) => finding !== undefined);
}

function kept(learners: readonly Entry[], entries: readonly Entry[]): Finding {
  const best = learners[0]!;
  const tied = learners.filter(
    ({ row }) => row.rank !== null && best.row.rank !== null && row.rank.best <= best.row.rank.best,
  );
  const lead =
    tied.length > 1
      ? `The data cannot separate ${list(tied.map(({ name }) => `**${name}**`))} at the top; **${best.name}** has the highest mean, ${points(scoreOf(best))} of 100.`
      : `**${best.name}** ends highest of those that learn in sequence, at ${points(scoreOf(best))} of 100.`;
  const bounds = [
    boundText(entries, "upper bound", "when all tasks are learned at once"),
    boundText(entries, "lower bound", "without any learning"),
  ].filter((text) => text !== undefined);
  return { topic: "Kept", text: bounds.length === 0 ? lead : `${lead} The bounds are ${list(bounds)}.` };
}

function boundText(entries: readonly Entry[], bound: Entry["bound"], words: string): string | undefined {
  const entry = entries.find((candidate) => candidate.bound === bound && scoreOf(candidate) !== null);
  return entry && `${points(scoreOf(entry))} ${words} (**${entry.name}**)`;
}

function forgotten(learners: readonly Entry[]): Finding | undefined {
  const known = learners
    .map((entry) => ({ name: entry.name, learned: mean(entry, "learningAccuracy"), lost: mean(entry, "forgetting") }))
    .filter(
      (entry): entry is { name: string; learned: number; lost: number } =>
        entry.learned !== null && entry.lost !== null,
    )
    .sort((a, b) => b.lost - a.lost);
  const [most, least] = [known[0], known.at(-1)];
  if (most === undefined || least === undefined) return undefined;
  const lead = `**${most.name}** reaches ${points(most.learned)} on each task when it is just learned, and has lost ${points(most.lost)} points of its earlier tasks' best by the end.`;
  return {
    topic: "Forgotten",
    text: most === least ? lead : `${lead} **${least.name}** loses least: ${points(least.lost)}.`,
  };
}

function generalAbility(learners: readonly Entry[]): Finding | undefined {
  const known = learners
    .map((entry) => ({ name: entry.name, delta: mean(entry, "generalAbilityDelta") }))
    .filter((entry): entry is { name: string; delta: number } => entry.delta !== null)
    .sort((a, b) => a.delta - b.delta);
  const [worst, best] = [known[0], known.at(-1)];
  if (worst === undefined || best === undefined) return undefined;
  const falling = known.filter(({ delta }) => delta < 0).length;
  const many = falling === known.length ? "every trainer" : `${falling} of ${plural(known.length, "trainer")}`;
  const lead = `General ability, never trained here, falls for ${many}`;
  const range = worst === best ? "" : `, least for **${best.name}** (${signedPoints(best.delta)})`;
  return {
    topic: "Harmed",
    text: `${lead}: most for **${worst.name}** (${signedPoints(worst.delta)} points)${range}.`,
  };
}

function price(learners: readonly Entry[]): Finding | undefined {
  const best = learners[0]!;
  const timed = learners
    .map((entry) => ({ name: entry.name, seconds: entry.row.cost.wallSeconds ?? null }))
    .filter((entry): entry is { name: string; seconds: number } => entry.seconds !== null && entry.seconds > 0)
    .sort((a, b) => a.seconds - b.seconds);
  const [cheapest, own] = [timed[0], timed.find(({ name }) => name === best.name)];
  if (cheapest === undefined || own === undefined) return undefined;
  const samples = best.row.cost.bufferSamples ?? 0;
  const keeps = samples > 0 ? ` and keeps ${count(samples)} samples of past tasks` : " and keeps no past data";
  const compared =
    own === cheapest
      ? "the least of all"
      : `${Number((own.seconds / cheapest.seconds).toFixed(1))} times that of **${cheapest.name}**, the quickest`;
  return {
    topic: "Paid",
    text: `**${best.name}** takes ${duration(own.seconds)} for one sequence, ${compared},${keeps}.`,
  };
}

function certainty({ run, cells }: ReportData): Finding {
  const open = cells.filter(({ status }) => status !== "done").length;
  const grid =
    open === 0
      ? ""
      : ` ${plural(open, "cell")} of ${cells.length} ${open === 1 ? "is" : "are"} missing; trainers with a gap stay unranked.`;
  const smoke = run.quick ? " The quick configuration is a smoke test, too small to compare methods by." : "";
  const scope = run.suite.generated
    ? " The data is generated and the model small: read the differences, not the levels."
    : "";
  const text =
    run.orders.length < 2
      ? `One task order gives no interval, so nothing here is ranked.${run.source === undefined ? " Run again with --orders 3 to learn how much the order matters." : " A sequence that goes on has only one."}`
      : `Intervals are 95%, over ${run.orders.length} task orders with ${plural(seedsPerOrder(run.cells), "seed")} each.${
          run.orders.length === 2 ? " Two orders make them wide; each further one narrows them." : ""
        }`;
  return { topic: "How sure", text: text + grid + smoke + scope };
}

function scoreOf({ row }: Pick<Entry, "row">): number | null {
  return mean({ row }, "op");
}

function mean({ row }: Pick<Entry, "row">, metric: string): number | null {
  return row.metrics[metric]?.mean ?? null;
}
