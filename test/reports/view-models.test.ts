import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { PublishedFigures } from "../../harness/contract/suite.js";
import { readExamples, readRun, readSamples } from "../../harness/run/store/store.js";
import { markdownReport } from "../../reports/markdown.js";
import { type ReportData, readReportData } from "../../reports/report-data.js";
import { templates } from "../../reports/templates.js";
import { leaderboardView } from "../../reports/view-models/leaderboard/leaderboard.js";
import { chipsOf } from "../../reports/view-models/leaderboard/privileges.js";
import { pageView } from "../../reports/view-models/page.js";
import { answersShard, questionEntries } from "../../reports/view-models/samples/answers.js";
import { samplesView } from "../../reports/view-models/samples/catalog.js";
import { taskViews } from "../../reports/view-models/scores/tasks.js";
import { entriesOf } from "../../reports/view-models/shared/entries.js";
import { bytes, count, duration, points, shortened, signedPoints } from "../../reports/view-models/shared/format.js";
import { meanMatrix, seenTaskMeans } from "../../reports/view-models/shared/mean-matrix.js";
import { failuresView } from "../../reports/view-models/summary/failures.js";
import { findings } from "../../reports/view-models/summary/findings.js";
import { machinesView } from "../../reports/view-models/summary/machines.js";
import { writeFixtureRun } from "./fixture/write-run.js";

const directory = mkdtempSync(join(tmpdir(), "bench-view-models-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function dataOf(name: string, options: Parameters<typeof writeFixtureRun>[1]): ReportData {
  writeFixtureRun(join(directory, name), options);
  return readReportData(join(directory, name));
}

/** A deep copy but for the metrics, which are functions. */
function copyOf({ metrics, ...data }: ReportData): ReportData {
  return { metrics, ...structuredClone(data) };
}

const grid = dataOf("grid", { orders: 3, seeds: 1, failing: "lora" });
const single = dataOf("single", { orders: 1, seeds: 1 });

describe("leaderboard", () => {
  const view = leaderboardView(grid, entriesOf(grid));
  const row = (name: string) => view.rows.find((candidate) => candidate.name === name)!;

  test("is sorted by overall performance, with reference bounds marked", () => {
    const scores = view.rows.map(({ score }) => score.value!);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(row("joint").bound).toBe("upper bound");
    expect(row("frozen").bound).toBe("lower bound");
    expect(row("icl").bound).toBeNull();
  });

  test("shows the mean of the stored matrices", () => {
    const scores = grid.cells
      .filter(({ trainer }) => trainer === "replay")
      .map(({ matrix }) => matrix!.rows.at(-1)!.reduce((sum: number, score) => sum + score!, 0) / 8);
    expect(row("replay").score.value).toBeCloseTo(scores.reduce((a, b) => a + b) / scores.length);
    expect(row("replay").score.spread).toMatch(/^\d+\.\d$/);
    expect(row("replay").itemError).toMatch(/^\d+\.\d$/);
  });

  test("leaves a trainer with a gap unranked and says why", () => {
    expect(row("lora")).toMatchObject({
      gap: "2 of 3 cells",
      rank: { value: null, note: "2 of 3 runs have a final row" },
    });
    expect(row("replay").rank.text).toMatch(/^\d(–\d)?$/);
  });

  test("gives the reason for a missing value", () => {
    expect(row("joint").metrics.find(({ title }) => title === "BWT")).toMatchObject({ value: null, text: "–" });
    expect(row("joint").metrics.find(({ title }) => title === "BWT")!.note).toBeTruthy();
  });

  test("marks one worst order for each trainer that has one", () => {
    for (const { cells } of view.byOrder!.rows) {
      const worst = cells.filter(({ note }) => note === "worst").map(({ value }) => value);
      expect(worst.every((value) => value === Math.min(...cells.flatMap(({ value }) => value ?? [])))).toBe(true);
    }
    expect(view.byOrder!.columns).toEqual(["order-1", "order-2", "order-3"]);
  });

  test("names every metric by its id", () => {
    expect(view.everyMetric.rows.map(({ metric }) => metric.note)).toContain("bwt.gem@1");
    expect(view.everyMetric.rows.map(({ metric }) => metric.title)).toContain(
      "Order sensitivity, mean over tasks (AOPD)",
    );
  });
});

test("one order gives no intervals and no ranks, and a hint", () => {
  const view = leaderboardView(single, entriesOf(single));
  expect(view.notice).toContain("--orders 3");
  expect(view.byOrder).toBeUndefined();
  for (const { rank, rankMark, score } of view.rows) {
    expect(rank.value).toBeNull();
    expect(rankMark).toBe("");
    expect(score.spread).toBeUndefined();
    expect(score.value).not.toBeNull();
  }
  expect(findings(single, entriesOf(single)).at(-1)!.text).toContain("--orders 3");
});

describe("findings", () => {
  const said = findings(grid, entriesOf(grid));
  const about = (topic: string) => said.find((finding) => finding.topic === topic)!.text;

  test("cover performance, forgetting, general ability, cost and uncertainty", () => {
    expect(said.map(({ topic }) => topic)).toEqual([
      "Performance",
      "Forgetting",
      "General ability",
      "Cost",
      "Uncertainty",
    ]);
  });

  test("carry the numbers of the leaderboard", () => {
    const entries = entriesOf(grid);
    const metric = (name: string, key: string) => entries.find((entry) => entry.name === name)!.row.metrics[key]!.mean;
    expect(about("Performance")).toContain(points(metric("joint", "op")));
    expect(about("Performance")).toContain(points(metric("frozen", "op")));
    expect(about("Forgetting")).toContain(`lowest for **replay** (${points(metric("replay", "forgetting"))})`);
    expect(about("General ability")).toContain(signedPoints(metric("sequential", "generalAbilityDelta")));
    expect(about("Cost")).toContain("1,120 samples");
    expect(about("Uncertainty")).toContain("1 cell of 21 is missing");
  });

  test("name the trainers whose rank intervals overlap with the best", () => {
    const tied = copyOf(grid);
    for (const row of tied.leaderboard.leaderboard) row.rank = { best: 1, worst: 7 };
    expect(findings(tied, entriesOf(tied))[0]!.text).toMatch(
      /its rank interval overlaps with that of .*\*\*lora\*\*, so the order among them is not established/,
    );
    for (const row of tied.leaderboard.leaderboard)
      row.rank = row.trainer === "replay" ? { best: 1, worst: 1 } : { best: 2, worst: 7 };
    expect(findings(tied, entriesOf(tied))[0]!.text).not.toContain("overlap");
  });

  test("name ties together, and compare times with every trained method", () => {
    const tied = copyOf(grid);
    for (const row of tied.leaderboard.leaderboard) {
      row.rank = null;
      for (const key of ["op", "forgetting", "generalAbilityDelta"]) {
        row.metrics[key] = { ...row.metrics[key]!, mean: key === "op" ? 0.5 : -0.186 };
      }
      row.cost.wallSeconds = row.trainer === "joint" ? 10 : row.trainer === "frozen" ? 1 : 20;
    }
    const text = Object.fromEntries(findings(tied, entriesOf(tied)).map((finding) => [finding.topic, finding.text]));
    expect(text.Performance).toMatch(/^4 trainers share the highest overall performance .* 50\.0 of 100\./);
    expect(text.Forgetting).toBe(
      "Mean forgetting of earlier tasks is −18.6 points for every trainer that learns in sequence.",
    );
    expect(text["General ability"]).toBe(
      "General ability, which no task trains, changes by −18.6 points for every trainer that learns in sequence.",
    );
    expect(text.Cost).toContain("2 times as long as **joint**, the fastest trained method");
    for (const { cost, trainer } of tied.leaderboard.leaderboard) {
      if (trainer !== "frozen") cost.wallSeconds = trainer === "joint" ? 19.8 : 20;
    }
    const close = findings(tied, entriesOf(tied)).find(({ topic }) => topic === "Cost")!;
    expect(close.text).toContain("about as long as **joint**, the fastest trained method");
  });

  test("a fall is of the trainers that learn in sequence alone: a reference is not among them", () => {
    const saying = (deltas: Record<string, number>) => {
      const data = copyOf(grid);
      for (const { trainer, metrics } of data.leaderboard.leaderboard) {
        metrics.generalAbilityDelta = { ...metrics.generalAbilityDelta!, mean: deltas[trainer] ?? -0.2 };
      }
      return findings(data, entriesOf(data)).find(({ topic }) => topic === "General ability")!.text;
    };
    expect(saying({ frozen: 0, replay: -0.1 })).toMatch(
      /falls for every trainer that learns in sequence: .* −10\.0 for \*\*replay\*\*\.$/,
    );
    expect(saying({ frozen: 0, replay: 0 })).toContain("falls for 3 of the 4 trainers that learn in sequence: from");
    const rising = Object.fromEntries(
      grid.leaderboard.leaderboard.map(({ trainer }, place) => [trainer, 0.1 + place / 100]),
    );
    expect(saying(rising)).toContain("falls for no trainer that learns in sequence: from");
  });

  test("an evaluated checkpoint is named by its model and is no lower bound", () => {
    const evaluated = dataOf("evaluated", { orders: 1, seeds: 1, only: ["frozen"], model: "owner/checkpoint-200" });
    const [entry] = entriesOf(evaluated);
    expect(entry).toMatchObject({ name: "owner/checkpoint-200", bound: null });
    const said = findings(evaluated, [entry!]).map(({ text }) => text);
    expect(said[0]).toBe(
      `**owner/checkpoint-200** scores ${points(entry!.row.metrics.op!.mean)} of 100 on average over 8 tasks, without training in this run.`,
    );
    expect(said.join()).not.toContain("--orders");
  });

  test("say so where nothing is finished", () => {
    const empty = copyOf(grid);
    for (const cell of empty.cells) Object.assign(cell, { status: "pending", matrix: undefined, cost: undefined });
    for (const row of empty.leaderboard.leaderboard) Object.assign(row, { metrics: {}, rank: null });
    expect(findings(empty, entriesOf(empty))[0]!.topic).toBe("No results");
    expect(() => pageView(empty, entriesOf(empty), "")).not.toThrow();
  });
});

test("one order with several seeds: the deviation over seeds is shown and labeled on the page and in Markdown", () => {
  const seeds = dataOf("seeds", { orders: 1, seeds: 2 });
  const view = leaderboardView(seeds, entriesOf(seeds));
  const { score, name } = view.rows.find(({ score }) => score.seedDeviation !== undefined)!;
  expect(view.caption).toContain(
    "Seeds: standard deviation over the seeds of the one order; it is no interval over orders.",
  );
  const label = `(seeds ${score.seedDeviation})`;
  expect(markdownReport(seeds)).toContain(`| ${name} | `);
  expect(markdownReport(seeds)).toContain(`${score.text} ${label}`);
  expect(templates()("board-table", view)).toContain(`<small>seeds ${score.seedDeviation}</small>`);
});

test("the smallest suite: one task, no probe, a language without a name, nothing kept", () => {
  const small = copyOf(single);
  const [task] = small.run.suite.tasks;
  small.run.suite.tasks = [{ ...task!, language: "no tag" }];
  small.run.suite.probes = [];
  small.run.orders = [{ name: "only", tasks: [task!.id] }];
  small.cells = small.cells.map((cell) => ({
    ...cell,
    order: "only",
    matrix: {
      ...cell.matrix!,
      order: "only",
      tasks: [task!.id],
      rows: [[0.25], [0.75]],
      n: [[8], [8]],
      extracted: [[null], [null]],
      valid: [[1], [1]],
      shifted: [[null], [null]],
      probes: {},
      confusion: {},
    },
  }));
  for (const row of small.leaderboard.leaderboard) row.cost = { bufferSamples: 0 };
  const page = pageView(small, entriesOf(small), "");
  expect(page.header.facts[0]).toMatchObject({ name: "Suite", note: "1 task in sequence" });
  expect(page.abilities).toEqual([]);
  expect(page.tasks[0]!.facts).toMatch(/^no tag · /);
  expect(page.tasks[0]!.rows[0]!.cells.map(({ text }) => text)).toEqual(["25.0", "–", "75.0", "–", "100.0", "–", "8"]);
  expect(page.tradeOffs.map(({ title }) => title)).toEqual(["Performance against past data stored"]);
});

test("a language that the data does not say is left out", () => {
  const silent = copyOf(single);
  silent.run.suite.tasks = silent.run.suite.tasks.map((task) => ({ ...task, language: "und" }));
  for (const { facts } of taskViews(silent, entriesOf(silent))) expect(facts).toMatch(/^scored by /);
});

test("a failed cell is shown with its error and its fix", () => {
  expect(failuresView(grid)).toEqual({
    shown: [
      {
        trainer: "lora",
        order: "order-3",
        seed: 2001,
        status: "failed",
        code: "DIVERGED",
        message: "the loss is not finite at step 214 of task <code>",
        fix: "Lower learningRate.",
      },
    ],
    more: 0,
  });
  const many = copyOf(grid);
  many.cells = Array.from({ length: 250 }, () => ({ ...many.cells[0]!, status: "pending", matrix: undefined }));
  expect(failuresView(many)).toMatchObject({ shown: { length: 100 }, more: 150 });
});

test("privileges are shown as chips", () => {
  const none = { pastData: "none", generalItems: 0, taskIdAtTest: false, validationOfPastTasks: false } as const;
  expect(chipsOf(none)).toEqual([]);
  expect(
    chipsOf({ pastData: { buffer: 1280 }, generalItems: 160, taskIdAtTest: true, validationOfPastTasks: true }).map(
      ({ text }) => text,
    ),
  ).toEqual(["stores ≤ 1,280 samples", "160 general items", "task id at test", "past validation"]);
  expect(chipsOf({ ...none, pastData: { synthetic: { demonstrations: 20 } } }).map(({ text }) => text)).toEqual([
    "synthetic past data from 20 items per task",
  ]);
});

test("tasks: no learning accuracy without sequential learning; rows of confusion matrices add up to one", () => {
  const [stance] = taskViews(grid, entriesOf(grid));
  const learned = (name: string) => stance!.rows.find((row) => row.name === name)!.cells[1]!.value;
  expect(learned("joint")).toBeNull();
  expect(learned("replay")).not.toBeNull();
  for (const { rows, columns } of stance!.confusions) {
    expect(columns.at(-1)).toBe("no label");
    for (const { cells } of rows) {
      const total = cells.reduce((sum, { share }) => sum + Number(share), 0);
      expect(total).toBeCloseTo(1, 1);
    }
  }
});

describe("mean matrices", () => {
  test("ignore nulls, and stay null where all are", () => {
    const [a, b] = grid.cells.filter(
      ({ order, trainer }) => order === "order-1" && ["joint", "replay"].includes(trainer),
    );
    const mean = meanMatrix([a!.matrix!, b!.matrix!])!;
    const replay = (a!.trainer === "replay" ? a : b)!.matrix!;
    expect(mean.rows[3]).toEqual(replay.rows[3]);
    expect(meanMatrix([])).toBeUndefined();
    expect(
      seenTaskMeans({
        tasks: ["a", "b"],
        of: 1,
        rows: [
          [0, 0],
          [1, 0],
          [0.5, null],
        ],
      }),
    ).toEqual([null, 1, null]);
  });
});

describe("samples", () => {
  const entries = entriesOf(grid);
  const view = samplesView(grid.run, entries, "../");
  const examples = readExamples(readRun(join(directory, "grid")).files);

  test("list every test set and probe, and the finished cell of each trainer, order and seed", () => {
    expect(view.sets.map(({ dataset }) => dataset)).toEqual([
      ...Array(8).fill("test"),
      ...Array(6).fill("probe"),
      ...Array(8).fill("shifted"),
    ]);
    for (const { trainer, order, seed, id, matrix } of grid.cells) {
      const place = view.orders.findIndex(({ name }) => name === order);
      const cell = view.cells[view.trainers.indexOf(trainer)]![place]![view.orders[place]!.seeds.indexOf(seed)];
      expect(cell).toBe(matrix === undefined ? "" : id);
    }
  });

  test("shards have every answer of the files: text, score, invalid format, cut", () => {
    const cell = grid.cells.find(({ trainer }) => trainer === "sequential")!;
    const stored = readSamples(readRun(join(directory, "grid")).files, cell.id)
      .filter(({ dataset, set }) => dataset === "test" && set === "stance")
      .map((sample, index) => (index === 5 ? { ...sample, finishReason: "length" } : sample));
    const questions = examples.filter(({ dataset, set }) => dataset === "test" && set === "stance");
    const ids = questions.map(({ id }) => id);
    const { texts, trainers } = answersShard(ids, new Map([[3, stored]]));
    expect(new Set(texts).size).toBe(texts.length);
    for (const { row, id, output, score, valid, finishReason } of stored) {
      const [answers, index] = [trainers[3]![row]!, ids.indexOf(id)];
      expect(texts[answers.text[index]!]).toBe(output);
      expect(answers.score[index]).toBeCloseTo(score, 3);
      expect(Number(answers.flags[index])).toBe(Number(!valid) + (finishReason === "length" ? 2 : 0));
    }
    expect(Object.values(trainers[3]!).flatMap(({ text }) => text)).toHaveLength(stored.length);
  });

  test("a question without an answer is marked, and long texts are cut", () => {
    const long = { id: "b", set: "s", dataset: "test", input: "x".repeat(9000), references: ["y"] } as const;
    expect(questionEntries([{ ...long, references: ["y"], supports: ["doc 1"] }])[0]![3]).toEqual(["doc 1"]);
    expect(questionEntries([{ ...long, references: ["y"] }])[0]![1].length).toBeLessThan(3100);
    const answer = { row: 0, ...long, output: "z", finishReason: "end", score: 0.12345, extracted: 0, valid: true };
    expect(answersShard(["a", "b"], new Map([[0, [answer]]]))).toEqual({
      texts: ["z"],
      trainers: { 0: { 0: { text: [-1, 0], score: [null, 0.123], flags: "00" } } },
    });
    expect(answersShard(["b"], new Map([[0, [{ ...answer, evidence: ["doc 1", "doc 2"] }]]]))).toMatchObject({
      texts: ["z", "doc 1", "doc 2"],
      trainers: { 0: { 0: { text: [0], evidence: [[1, 2]] } } },
    });
  });

  test("scores link to their answers", () => {
    const page = pageView(grid, entries, "../");
    const links = page.tasks[0]!.rows.find(({ name }) => name === "replay")!.cells.map(({ link }) => link);
    expect(links.slice(0, 4)).toEqual([
      "#samples?trainer=replay&set=test%2Fstance&order=order-1&row=0",
      "#samples?trainer=replay&set=test%2Fstance&order=order-1&row=1",
      "#samples?trainer=replay&set=test%2Fstance&order=order-1&row=8",
      undefined,
    ]);
  });
});

describe("format", () => {
  test("writes what a person reads", () => {
    expect([
      points(0.7612),
      points(-0.05),
      points(null),
      signedPoints(0.031),
      signedPoints(-0.5),
      signedPoints(0),
    ]).toEqual(["76.1", "−5.0", "–", "+3.1", "−50.0", "±0.0"]);
    expect([duration(0.04), duration(9.96), duration(57.4), duration(281), duration(9000), duration(null)]).toEqual([
      "40 ms",
      "10 s",
      "57 s",
      "4.7 min",
      "2.5 h",
      "–",
    ]);
    expect([count(0), count(1120), count(383_424), count(1_240_000), count(2.9e12)]).toEqual([
      "0",
      "1,120",
      "383 k",
      "1.24 M",
      "2.9 T",
    ]);
    expect([bytes(512), bytes(6.4e6), bytes(null)]).toEqual(["512 B", "6.1 MiB", "–"]);
  });

  test("shortens no text that fits, and never breaks a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 10, max: 60 }), (text, limit) => {
        const short = shortened(text, limit);
        expect([...short].length).toBeLessThanOrEqual(Math.max(limit, 0));
        if ([...text].length <= limit) expect(short).toBe(text);
        expect(short.isWellFormed?.() ?? true).toBe(true);
      }),
    );
  });
});

describe("published figures", () => {
  const figures: PublishedFigures = {
    source: "a paper",
    setting: "a large model",
    metrics: ["op", "bwt"],
    names: { op: "AR", bwt: "BWT" },
    rows: [
      { method: "Rehearsal", label: "replay", values: { op: 0.5, bwt: -0.03 } },
      { method: "Dreams", label: "dreams", values: { op: 0.6 } },
    ],
  };
  const withFigures = copyOf(grid);
  withFigures.run.suite.published = figures;

  test("are shown next to the results of this run; missing values are empty", () => {
    const view = pageView(withFigures, entriesOf(withFigures), "../").published!;
    const own = withFigures.leaderboard.leaderboard.find(({ trainer }) => trainer === "replay")!.metrics;
    expect(view.columns).toEqual(["AR", "BWT"]);
    expect(view.rows[0]).toEqual({
      method: "Rehearsal",
      theirs: ["50.0", "−3.0"],
      trainer: "replay",
      ours: [points(own.op!.mean), signedPoints(own.bwt!.mean)],
    });
    expect(view.rows[1]).toEqual({ method: "Dreams", theirs: ["60.0", "–"], trainer: "", ours: ["–", "–"] });
  });

  test("are left out if they include no trainer of the run", () => {
    const strangers = copyOf(withFigures);
    strangers.run.suite.published = { ...figures, rows: figures.rows.slice(1) };
    expect(pageView(strangers, entriesOf(strangers), "../").published).toBeUndefined();
    expect(pageView(grid, entriesOf(grid), "../").published).toBeUndefined();
  });
});

describe("where cells ran", () => {
  const machine = (host: string, cpu: string) => ({
    ...{ host, cpu, cores: 8, memoryBytes: 16 * 2 ** 30, platform: "linux x64", node: "v20.11.0" },
  });
  const onto = (place: (index: number) => ReturnType<typeof machine>[]) =>
    machinesView(grid.cells.map((cell, index) => ({ ...cell, machines: place(index) })));

  test("nothing is said where all ran in the run's own process", () => {
    expect(machinesView(grid.cells)).toEqual({ rows: [] });
  });

  test("every machine has its cells, and several types of processor are said", () => {
    const one = onto((index) => [machine(index % 2 === 0 ? "a" : "b", "EPYC")]);
    expect(one.note).toBeUndefined();
    expect(one.rows.map((row) => row.machine)).toEqual([
      "a: EPYC, 8 cores, 16 GiB, linux x64, Node v20.11.0",
      "b: EPYC, 8 cores, 16 GiB, linux x64, Node v20.11.0",
    ]);
    const counted = one.rows.map(({ cells }) => Number(/^(\d+) cells?: /.exec(cells)![1]));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(grid.cells.length);
    const two = onto((index) => [machine("a", "EPYC"), ...(index === 0 ? [machine("b", "Xeon")] : [])]);
    expect(two.note).toContain("EPYC (linux x64) and Xeon (linux x64)");
    const { trainer, order, seed } = grid.cells[0]!;
    expect(two.rows[1]!.cells).toBe(`1 cell: ${trainer}, ${order}, seed ${seed}`);
  });
});
