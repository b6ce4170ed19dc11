import { plural } from "../../harness/contract/printable.js";
import type { Comparison, ComparisonRow } from "../../harness/gate/compare.js";
import type { GateResult, GateRow } from "../../harness/gate/gate.js";
import { countText } from "../../harness/gate/outputs/row-text.js";
import { pText } from "../../harness/metrics/score-text.js";
import { intervalMark } from "../charts/interval-mark.js";
import { costColumns } from "./leaderboard/leaderboard.js";
import { missing, modelName, points, shortened, signedPoints } from "./shared/format.js";

/** The page of a gate or of comparisons as data. */
export interface ComparisonPageView {
  title: string;
  suite: string;
  sections: ComparisonView[];
}

/** A baseline and a candidate compared. */
export interface ComparisonView {
  id: string;
  title: string;
  /** Verdict of a gate. */
  verdict?: { text: string; tone: string };
  facts: { name: string; value: string; note?: string }[];
  caption: string;
  columns: string[];
  tables: { title: string; rows: RowView[] }[];
  flips?: { summary: string; groups: { title: string; items: FlipView[]; more: number }[] };
  costs: { name: string; baseline: string; candidate: string; change: string }[];
  notes: string[];
}

interface RowView {
  name: string;
  key: string;
  mark: string;
  cells: string[];
  verdict: string;
  tone: string;
  remarks: string[];
}

interface FlipView {
  question: string;
  where: string;
  baseline: string;
  candidate: string;
}

/** An answer that one side got right and the other did not. */
interface Flip {
  set?: string;
  task?: string;
  id: string;
  order?: string;
  seed?: number;
  baseline: { output: string; score: number };
  candidate: { output: string; score: number };
}

/** What the run of a candidate knows; it may have been moved since. */
export interface CandidateRun {
  /** Reference of its model. */
  model?: string;
  /** The text of a question, where it is known. */
  questionOf(set: string, id: string): string | undefined;
}

/** Answers that changed that are listed of each direction. */
const mostFlips = 200;

const tones: Record<string, string> = { pass: "gain", better: "gain", fail: "loss", worse: "loss" };

export function comparisonPageView(
  results: readonly (Comparison | GateResult)[],
  runOf: (runDirectory: string) => CandidateRun,
): ComparisonPageView {
  const first = results[0]!;
  const sections = results.map((result, index) => {
    const [id, run] = [`result-${index + 1}`, runOf(result.candidate.directory)] as const;
    return result.schema === "gate@1" ? gateView(result, id, run) : comparisonView(result, id, run);
  });
  const title = first.schema === "gate@1" ? "Release gate" : "Comparison";
  return { title, suite: `${first.suite.name} ${first.suite.version}`, sections };
}

function comparisonView(result: Comparison, id: string, { questionOf }: CandidateRun): ComparisonView {
  const { baseline, candidate, metrics, tasks, flips, cost, notes, pairedBy } = result;
  const rows = [...metrics, ...tasks];
  const reach = reachOf(rows.map(({ difference, interval }) => [difference, interval?.low, interval?.high]));
  const view = (row: ComparisonRow): RowView => ({
    name: row.title,
    key: row.key,
    mark: intervalMark({ difference: row.difference, low: null, high: null, ...row.interval, reach }),
    cells: [signedPoints(row.difference), boundsText(row.interval), pText(row.adjustedP)],
    verdict: row.verdict,
    tone: tones[row.verdict] ?? "",
    remarks: row.reason === undefined ? [] : [row.reason],
  });
  const byItem = pairedBy === "item";
  const orders = Math.max(...rows.map((row) => row.orders));
  // Models that are compared item by item were evaluated, not trained by a method.
  const nameOf = ({ trainer, model }: Pick<Comparison["baseline"], "trainer" | "model">) =>
    byItem ? modelName(model) : trainer;
  const side = ({ trainer, model, run, cells }: Comparison["baseline"]) => ({
    value: nameOf({ trainer, model }),
    note: `${byItem ? "" : `${modelName(model)}, `}${plural(cells, "cell")}, run ${run}`,
  });
  return {
    id,
    title: `${nameOf(candidate)} compared with ${nameOf(baseline)}`,
    facts: [
      { name: "Baseline", ...side(baseline) },
      { name: "Candidate", ...side(candidate) },
      { name: "Pairing", value: `by ${pairedBy}`, ...(byItem ? {} : { note: plural(orders, "task order") }) },
    ],
    caption: `Differences in points, positive if the candidate is better, with unadjusted 95% intervals. p: ${byItem ? "exact McNemar test or paired permutation test over items" : "paired t-test over task orders"}, Holm-adjusted ${byItem ? "over all rows" : "for OP over all pairs of trainers, as rank intervals are, and for the other rows over those rows"}; "not separated": adjusted p above 0.05.`,
    columns: ["Difference", "95% interval", "Adjusted p"],
    tables: [
      { title: "Metrics", rows: metrics.map(view) },
      { title: "Tasks", rows: tasks.map(view) },
    ],
    ...(flips.answers === 0
      ? {}
      : { flips: flipsView(`${flips.answers} answers compared one by one.`, flips.gained, flips.lost, questionOf) }),
    costs: costsView(cost),
    notes,
  };
}

function gateView(result: GateResult, id: string, { model, questionOf }: CandidateRun): ComparisonView {
  const { baseline, candidate, metrics, verdict, alpha, pairedBy, flips, notes } = result;
  const blessed = baseline.version === undefined ? baseline.name : `${baseline.name}@${baseline.version}`;
  // Models that are compared item by item were evaluated, not trained by a method.
  const name = pairedBy === "item" && model !== undefined ? modelName(model) : candidate.trainer;
  const reach = reachOf(metrics.map(({ mean, low, high, margin }) => [mean, low, high, margin]));
  const view = (row: GateRow): RowView => {
    const { mean, low, high, margin, acknowledged } = row;
    const applied = Math.max(margin, acknowledged?.margin ?? 0);
    return {
      name: row.title,
      key: row.key,
      mark: intervalMark({ difference: mean, low, high, margin: applied, reach }),
      cells: [
        signedPoints(mean),
        boundsText(low === null || high === null ? null : { low, high }),
        points(applied),
        countText(row),
      ],
      verdict: row.verdict.toUpperCase(),
      tone: tones[row.verdict] ?? "",
      remarks: remarksOf(row),
    };
  };
  return {
    id,
    title: `${name} against baseline ${blessed}`,
    verdict: { text: verdict.toUpperCase(), tone: tones[verdict] ?? "" },
    facts: [
      {
        name: "Baseline",
        value: blessed,
        ...(baseline.by === undefined ? {} : { note: `${baseline.by}: ${baseline.reason}` }),
      },
      { name: "Candidate", value: name, note: `run ${candidate.run}` },
      { name: "Pairing", value: `by ${pairedBy}`, note: `one-sided error ${Number((100 * alpha).toPrecision(3))}%` },
    ],
    caption:
      "Differences in points, positive if the candidate is better, with one-sided bounds. PASS: lower bound above the margin (dashed line). FAIL: upper bound below it. The gate passes if every metric passes.",
    columns: [
      "Difference",
      "Bounds",
      "Accepted drop",
      metrics.some(({ items }) => items !== undefined) ? "Items" : "Orders",
    ],
    tables: [{ title: "Metrics", rows: metrics.map(view) }],
    ...(flips === undefined
      ? {}
      : { flips: flipsView("Answers that only one of the two got right.", flips.gained, flips.lost, questionOf) }),
    costs: [],
    notes,
  };
}

function remarksOf({ reason, furtherOrders, warning, acknowledged, margin, items }: GateRow): string[] {
  return [
    ...(acknowledged === undefined
      ? []
      : [
          `accepted drop raised from ${points(margin)} by ${acknowledged.by} until ${acknowledged.until}: ${acknowledged.reason}`,
        ]),
    ...(items === undefined ? [] : [`${items.test}, p ${pText(items.p).replace(/^(?=\d)/, "= ")}`]),
    ...(reason === undefined ? [] : [reason]),
    ...(furtherOrders === null ? [] : [`about ${plural(furtherOrders, "more task order")} would decide`]),
    ...(warning === undefined ? [] : [warning]),
  ];
}

function flipsView(
  compared: string,
  gained: readonly Flip[],
  lost: readonly Flip[],
  questionOf: CandidateRun["questionOf"],
): NonNullable<ComparisonView["flips"]> {
  const group = (title: string, flips: readonly Flip[]) => ({
    title: `${title}: ${flips.length}`,
    items: flips.slice(0, mostFlips).map(({ set, task, id, order, seed, baseline, candidate }) => {
      const name = set ?? task ?? "";
      return {
        question: shortened(questionOf(name, id) ?? id, 600),
        where: [name, order, seed === undefined ? undefined : `seed ${seed}`].filter(Boolean).join(", "),
        baseline: shortened(baseline.output, 300) || "(empty)",
        candidate: shortened(candidate.output, 300) || "(empty)",
      };
    }),
    more: Math.max(0, flips.length - mostFlips),
  });
  return { summary: compared, groups: [group("Correct → incorrect", lost), group("Incorrect → correct", gained)] };
}

function costsView(cost: Comparison["cost"]): ComparisonView["costs"] {
  return costColumns.flatMap(({ key, note, format }) => {
    const { baseline = null, candidate = null } = cost[key] ?? {};
    if (baseline === null || candidate === null) return [];
    const change = baseline === 0 ? missing : `${signedPoints(candidate / baseline - 1)}%`;
    return [{ name: note, baseline: format(baseline), candidate: format(candidate), change }];
  });
}

/** Half the range of a common axis: the largest known value, at least one point. */
function reachOf(values: readonly (readonly (number | null | undefined)[])[]): number {
  const known = values.flat().flatMap((value) => (value === null || value === undefined ? [] : [Math.abs(value)]));
  return Math.min(1, Math.max(0.01, ...known) * 1.05);
}

function boundsText(bounds: { low: number; high: number } | null): string {
  return bounds === null ? missing : `${signedPoints(bounds.low)} … ${signedPoints(bounds.high)}`;
}
