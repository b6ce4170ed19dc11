import { type TradeOffPoint, tradeOff } from "../../charts/trade-off.js";
import type { Cell } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { count, duration, points } from "../shared/format.js";

/** A chart of overall performance against a cost, with its data. */
export interface TradeOffView {
  title: string;
  chart: string;
  note: string;
  columns: string[];
  rows: { name: string; cells: Cell[] }[];
}

export function tradeOffViews(entries: readonly Entry[]): TradeOffView[] {
  return [
    view(entries, {
      id: "score-against-time",
      title: "Performance against time",
      axis: "Wall time per sequence →",
      note: "Higher is better, further left is faster. The line is the Pareto front.",
      costOf: ({ row }) => row.cost.wallSeconds ?? null,
      formatCost: duration,
    }),
    view(entries, {
      id: "score-against-past-data",
      title: "Performance against past data stored",
      axis: "Stored samples of past tasks →",
      note: "Access to past data is a privilege: compare trainers at the same position on the horizontal axis.",
      costOf: ({ row, trainer }) => (trainer.privileges.pastData === "all" ? "all" : (row.cost.bufferSamples ?? null)),
      formatCost: count,
    }),
  ].filter((found) => found !== undefined);
}

interface TradeOffDefinition {
  id: string;
  title: string;
  axis: string;
  note: string;
  costOf(entry: Entry): number | "all" | null;
  formatCost(cost: number): string;
}

function view(entries: readonly Entry[], definition: TradeOffDefinition): TradeOffView | undefined {
  const { id, title, axis, note, costOf, formatCost } = definition;
  const shown = entries.flatMap((entry): TradeOffPoint[] => {
    const cost = costOf(entry);
    const estimate = entry.row.metrics.op;
    if (cost === null || estimate === undefined || estimate.mean === null) return [];
    const { mean: score, low, high } = estimate;
    return [{ name: entry.name, cost, score, low, high, reference: entry.bound !== null }];
  });
  if (shown.length < 2) return undefined;
  const costText = (cost: TradeOffPoint["cost"]) => (cost === "all" ? "all" : formatCost(cost));
  return {
    title,
    chart: tradeOff({
      id,
      title,
      axis,
      description: shown.map(({ name, cost, score }) => `${name}: ${points(score)} at ${costText(cost)}`).join("; "),
      points: shown,
      formatCost,
    }),
    note,
    columns: ["Trainer", axis.replace(" →", ""), "OP"],
    rows: shown.map(({ name, cost, score }) => ({
      name,
      cells: [
        { value: cost === "all" ? null : cost, text: costText(cost) },
        { value: score, text: points(score) },
      ],
    })),
  };
}
