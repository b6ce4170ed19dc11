import { describe, expect, test } from "vitest";
import { changePlot } from "../../reports/charts/change-plot.js";
import { heatMap } from "../../reports/charts/heat-map.js";
import { intervalMark } from "../../reports/charts/interval-mark.js";
import { rankMark } from "../../reports/charts/rank-mark.js";
import { retentionAxis, retentionMark } from "../../reports/charts/retention-mark.js";
import { scoreCurve } from "../../reports/charts/score-curve.js";
import { taskCurves } from "../../reports/charts/task-curves.js";
import { frontier, type TradeOffPoint, tradeOff } from "../../reports/charts/trade-off.js";
import { trajectoryChart } from "../../reports/charts/trajectories.js";
import { versionCurve } from "../../reports/charts/version-curve.js";
import { expectWellFormed } from "./markup.js";

const points: TradeOffPoint[] = [
  { name: "joint", cost: "all", score: 0.91, low: 0.88, high: 0.94, reference: true },
  { name: "replay", cost: 57, score: 0.76, low: 0.73, high: 0.79, reference: false },
  { name: "ewc <λ>", cost: 48, score: 0.54, low: null, high: null, reference: false },
  { name: "sequential", cost: 45, score: 0.3, low: -0.1, high: 1.2, reference: false },
  { name: "lora", cost: 48, score: 0.18, low: null, high: null, reference: false },
];

const charts: Record<string, () => string> = {
  "rank-mark": () => rankMark({ best: 2, worst: 4, of: 6 }),
  "rank-mark-many": () => rankMark({ best: 3, worst: 20, of: 58 }),
  "retention-mark": () =>
    retentionMark({
      learningAccuracy: 0.84,
      final: 0.3,
      low: 0.23,
      high: 0.37,
      floor: 0.12,
      ceiling: 0.91,
      reference: false,
    }),
  "retention-mark-open-interval": () =>
    retentionMark({
      learningAccuracy: 0.5,
      final: 0.6,
      low: -0.4,
      high: 1.6,
      floor: null,
      ceiling: 0.91,
      reference: false,
    }),
  "retention-mark-empty": () =>
    retentionMark({
      learningAccuracy: null,
      final: null,
      low: null,
      high: null,
      floor: 0.1,
      ceiling: 0.9,
      reference: true,
    }),
  "interval-mark": () => intervalMark({ difference: -0.16, low: -0.25, high: 0.4, margin: 0.02, reach: 0.3 }),
  "interval-mark-unknown": () => intervalMark({ difference: null, low: null, high: null, reach: 0.3 }),
  "version-curve": () =>
    versionCurve({
      id: "v",
      title: "op",
      description: "From 50 at a to 30 at c.",
      values: [0.5, null, 0.3],
      notes: ["a: 50", "b: –", "c <1>: 30"],
      names: ["a", "b", "c <1>"],
      levels: [{ from: 0, to: 1, mean: 0.5, change: "none" }],
      range: "full",
      format: (value) => String(100 * value),
    }),
  "retention-axis": retentionAxis,
  "heat-map": () =>
    heatMap({
      id: "m",
      title: "Accuracy matrix of replay",
      description: "At the end: stance 78, 中文 80.",
      rows: ["before", "1 stance", "2 中文"],
      columns: ["1", "2"],
      values: [
        [0.1, 0.12],
        [0.84, null],
        [0.78, 0.5],
      ],
      stepwise: true,
      link: (row, column) => `#samples?row=${row}&set=${column}`,
    }),
  "heat-map-joint": () =>
    heatMap({
      id: "m",
      title: "Accuracy matrix of joint",
      description: "Two rows.",
      rows: ["before", "1 a", "2 b"],
      columns: ["1", "2"],
      values: [
        [0, 1],
        [null, null],
        [0.92, 0.9],
      ],
      stepwise: false,
      link: () => "#samples",
    }),
  "score-curve": () =>
    scoreCurve({
      values: [0.1, 0.12, 0.84, 0.5, 0.22],
      learnedAt: 2,
      shaded: true,
      context: [[null, 0.9, 0.8, 0.8, 0.7]],
      width: 92,
      height: 56,
    }),
  "score-curve-learned-last": () =>
    scoreCurve({ values: [0.1, 0.2, 0.8], learnedAt: 2, shaded: true, width: 92, height: 56 }),
  "score-curve-of-means": () =>
    scoreCurve({ values: [null, 0.9, 0.5], learnedAt: 1, shaded: false, width: 92, height: 56 }),
  "score-curve-empty": () => scoreCurve({ values: [null, null], learnedAt: 1, shaded: true, width: 92, height: 56 }),
  "task-curves": () =>
    taskCurves({
      id: "w",
      title: "Scores of replay while it learns",
      description: "stance: at most 80.0 at step 40, 78.0 at the end",
      segments: [
        { name: "1 stance", short: "1", steps: 40 },
        { name: "2 a name too long for its segment", short: "2", steps: 20 },
      ],
      lines: [
        {
          name: "stance",
          points: [
            { step: 0, score: 0.1, row: true },
            { step: 20, score: 0.6, row: false },
            { step: 40, score: 0.8, row: true },
            { step: 50, score: 0.3, row: false },
            { step: 60, score: 0.78, row: true },
          ],
        },
        {
          name: "<code>",
          points: [
            { step: 40, score: 0.2, row: true },
            { step: 60, score: 0.79, row: true },
          ],
        },
      ],
    }),
  "task-curves-joint": () =>
    taskCurves({
      id: "w",
      title: "Scores of joint while it learns",
      description: "stance: not measured",
      segments: [{ name: "1 stance, 2 code", short: "all tasks", steps: 1 }],
      lines: [
        { name: "stance", points: [] },
        { name: "code", points: [{ step: 0, score: 0, row: true }] },
      ],
    }),
  "change-plot": () =>
    changePlot({
      id: "c",
      title: "General ability",
      description: "replay: 98 before, 67 after",
      rows: [
        { name: "frozen", before: 0.98, after: 0.98, reference: true },
        { name: "replay", before: 0.98, after: 0.67, reference: false },
        { name: "ewc", before: 0.5, after: 0.58, reference: false },
        { name: "lora", before: 0.98, after: null, reference: false },
      ],
    }),
  trajectories: () =>
    trajectoryChart({
      id: "trajectories",
      title: "Accuracy against linguistic loss",
      description: "sequential: 64 at a loss of 30.",
      axis: "Linguistic loss, points →",
      trajectories: [
        { name: "frozen", reference: true, points: [0, 0].map((x) => ({ x, y: 0.1 })) },
        { name: "sequential <naive>", reference: false, points: [0, 12, 30].map((x) => ({ x, y: 0.1 + x / 50 })) },
        { name: "gains", reference: false, points: [0, -4, 2].map((x, row) => ({ x, y: 0.1 + row / 4 })) },
      ],
    }),
  "trade-off": () =>
    tradeOff({
      id: "t",
      title: "Score against time",
      description: "replay: 76 at 57 s",
      axis: "Seconds →",
      points,
      formatCost: (cost) => `${cost} s`,
    }),
};

describe.each(Object.entries(charts))("%s", (name, draw) => {
  test("is the stored SVG", async () => {
    await expect(`${draw()}\n`).toMatchFileSnapshot(`charts/${name}.svg`);
  });

  test("is well-formed and has finite numbers only", () => {
    expectWellFormed(draw());
    expect(draw()).not.toMatch(/NaN|Infinity|undefined|null/);
  });
});

test("the Pareto front excludes dominated entries and references", () => {
  expect(frontier(points).map(({ name }) => name)).toEqual(["sequential", "ewc <λ>", "replay"]);
});
