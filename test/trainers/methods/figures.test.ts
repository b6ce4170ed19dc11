import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { packageRoot } from "../../../harness/contract/files.js";
import type { TuneRecord } from "../../../harness/tune/record.js";
import { architectures } from "../../../trainers/engine/onnx/architectures/index.js";
import { trainers } from "../../../trainers/methods/catalog.js";
import { openCheckpoint } from "../../../trainers/model/checkpoint.js";
import { embeddedModel } from "../../files.js";
import { byName } from "./rig.js";

interface Row {
  op: number;
  bwt: number;
  la: number;
  general: number;
  /** Null, as the two below, where it was not kept. */
  trainedTokens: number | null;
  generatedTokens: number | null;
  flops: number | null;
  opposed?: number;
  promptsInUse?: number[];
  promptsChosenMost?: (string | number)[];
}

/** A metric over orders, with its 95% interval. */
type Estimate = Record<"mean" | "low" | "high", number>;

/** A row of the table of five orders. */
interface BoardRow extends Record<"op" | "generalAbilityDelta", Estimate> {
  rank: { best: number; worst: number };
  /** Null where all tasks are learned at once. */
  bwt: Estimate | null;
  learningAccuracy: Estimate | null;
  flops: number;
  uses: string;
}

interface Board {
  rows: Record<string, BoardRow>;
  /** Spearman's ρ with the forgetting of a task, and means over the tasks of two rows. */
  baseDistance: {
    correlation: Estimate & { n: number };
    rows: Record<string, { distance: number; forgetting: number }>;
  };
}

const read = (file: string) => readFileSync(join(packageRoot, "trainers/methods", file), "utf8");
const page = read("README.md");
const { records }: { records: TuneRecord[] } = JSON.parse(read("tuned/quick-all.json"));
const board: Board = JSON.parse(read("board-figures.json"));
const { rows } = JSON.parse(read("quick-figures.json")) as { rows: Record<string, Row> };

/** The rows of the table whose head begins so, without the marks around names. */
function table(head: string): string[][] {
  const lines = page
    .slice(page.indexOf(`\n${head}`) + 1)
    .split("\n\n")[0]!
    .split("\n")
    .slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/[`*]/g, "")),
  );
}

const points = (value: number) => (100 * value).toFixed(1);
const signed = (value: number) => {
  const text = Math.abs(100 * value).toFixed(1);
  return text === "0.0" ? text : `${value > 0 ? "+" : "−"}${text}`;
};
const unkept = "–";
const thousands = (value: number | null) => (value === null ? unkept : `${Math.round(value / 1000)}k`);
const trillions = (value: number | null) => (value === null ? unkept : (value / 1e12).toFixed(2));

test("every figure of the quick suite's tables is that of the stored cells", () => {
  const costs = table("| row | OP | BWT | LA |");
  const pool = table("| row | OP | LA | prompts");
  expect([...costs, ...pool].map(([name]) => name).toSorted()).toEqual(Object.keys(rows).toSorted());
  for (const cells of costs) {
    const name = cells[0]!;
    const row = rows[name]!;
    const opposed = row.opposed === undefined ? "–" : `${Math.round(100 * row.opposed)}%`;
    const quality = [points(row.op), signed(row.bwt), points(row.la), signed(row.general)];
    const cost = [thousands(row.trainedTokens), thousands(row.generatedTokens), trillions(row.flops)];
    expect(cells).toEqual([name, ...quality, ...cost, opposed]);
  }
  for (const cells of pool) {
    const name = cells[0]!;
    const { op, la, promptsInUse, promptsChosenMost } = rows[name]!;
    const used = promptsInUse!.map((count) => count.toFixed(1)).join(", ");
    expect(cells).toEqual([name, points(op), points(la), used, promptsChosenMost!.join("; ")]);
  }
});

describe("what the text says of the quick suite's tables", () => {
  const ratio = (a: string, b: string, key: "trainedTokens" | "flops") => rows[a]![key]! / rows[b]![key]!;

  test("costs against sequential", () => {
    expect(ratio("gem", "sequential", "trainedTokens").toFixed(1)).toBe("2.7");
    expect(ratio("gem", "sequential", "flops").toFixed(1)).toBe("2.4");
    expect(ratio("a-gem", "sequential", "trainedTokens").toFixed(1)).toBe("1.9");
    expect(ratio("lamol", "sequential", "trainedTokens").toFixed(1)).toBe("2.4");
    for (const name of ["osf", "migu", "kl", "ties", "dare", "magmax"]) {
      expect(rows[name]!.trainedTokens, name).toBe(rows.sequential!.trainedTokens);
    }
  });

  test("who is above whom", () => {
    const above: [string, string][] = [
      ["gem-update", "gem"],
      ["a-gem", "a-gem-update"],
      ["lamol-0.5", "lamol"],
      ["migu", "sequential"],
      ["osf", "sequential"],
      ["sequential", "magmax"],
      ["magmax", "dare"],
      ["magmax", "ties"],
      ["magmax", "merge"],
      ["replay", "replay+osf"],
      ["replay", "replay+migu"],
      ["sdft-supervised", "sdft"],
      ["sequential", "merge"],
      ["merge-x3", "sequential"],
      ["kl-0.1", "sequential"],
      ["inflora", "o-lora"],
      ["o-lora", "lora"],
      ["replay", "seekr"],
      ["seekr-10", "replay"],
      ["seekr-mixed-10", "replay"],
      ["seekr", "seekr-mixed"],
    ];
    for (const [better, worse] of above)
      expect(rows[better]!.op, `${better}, ${worse}`).toBeGreaterThan(rows[worse]!.op);
    for (const name of Object.keys(rows).filter((own) => own.endsWith("lora") && own !== "inflora"))
      expect(rows.inflora!.bwt, name).toBeGreaterThan(rows[name]!.bwt);
    for (const name of ["inflora", "inflora-code", "lora"])
      expect(rows[name]!.general, name).toBeLessThan(rows["o-lora"]!.general - 0.3);
    expect(rows["seekr-mixed"]!.bwt).toBeGreaterThan(0);
    expect(rows["seekr-mixed"]!.la).toBeLessThan(rows.replay!.la - 0.3);
    expect(Math.abs(rows.seekr!.la - rows.replay!.la)).toBeLessThan(0.03);
    for (const name of ["seekr-10", "seekr-mixed-10"]) {
      expect(Math.abs(rows[name]!.la - rows.replay!.la)).toBeLessThan(0.02);
      expect(rows[name]!.bwt).toBeGreaterThan(rows.replay!.bwt);
    }
    expect(ratio("seekr", "replay", "flops").toFixed(1)).toBe("1.2");
    expect(ratio("seekr-mixed", "replay", "flops").toFixed(1)).toBe("1.3");
    expect(Math.abs(rows["sequential-2e-4"]!.op - rows.sequential!.op)).toBeLessThan(0.01);
    for (const name of ["migu", "migu-task", "osf", "kl-0.1", "sequential-2e-4", "merge-x3"])
      expect(rows[name]!.general, name).toBeGreaterThan(rows.sequential!.general + 0.09);
  });
});

test("what a step costs, as methods declare it for estimates of time, is near the operations of the stored cells", () => {
  for (const name of ["kl", "sdft", "migu", "migu-task", "lamol", "osf", "ties", "dare", "magmax"]) {
    const trainer = byName(trainers, name.replace("-task", ""));
    const options = checkOptions(trainer.options, name === "migu-task" ? { renew: "task" } : {}, name);
    const ratio = rows[name]!.flops! / rows.sequential!.flops!;
    expect(Math.abs(trainer.effort!(options, 4).training - ratio), name).toBeLessThan(0.15);
  }
});

test("what the text says of the search for kl is in its record", () => {
  const { chosen, rungs } = records.find(({ trainer }) => trainer.name === "kl")!;
  const byDefault = rungs[0]!.results.find(({ label }) => label === "c00")!;
  expect(page).toContain(
    `found OP ${points(chosen.score)} on validation data with beta ${chosen.values.beta}, reverse`,
  );
  expect(page).toContain(`against ${points(byDefault.score!)} of the default`);
  expect(chosen.values.direction).toBe("reverse");
});

test("what the text says of the search is in its records", () => {
  const searched = records.map(({ trainer, rungs, chosen }) => ({
    name: trainer.name,
    byDefault: rungs[0]!.results.find(({ label }) => label === "c00")!.score!,
    best: chosen.score,
  }));
  const better = searched.filter(({ byDefault, best }) => best > byDefault);
  expect([searched.length, better.length]).toEqual([39, 13]);
  for (const { name, byDefault, best } of better) {
    expect(page).toContain(`\`${name}\` ${points(byDefault)}, ${points(best)}`);
    expect(board.rows, name).toHaveProperty(`${name}-tuned`);
  }
});

/** The cells of a table over orders. */
function boardTable(rows: Record<string, BoardRow>): string[][] {
  const text = (format: (value: number) => string, estimate: Estimate | null) =>
    estimate ? `${format(estimate.mean)} ± ${points((estimate.high - estimate.low) / 2)}` : unkept;
  return Object.entries(rows).map(([name, row]) => [
    `${row.rank.best}–${row.rank.worst}`,
    name,
    text(points, row.op),
    text(signed, row.bwt),
    text(points, row.learningAccuracy),
    text(signed, row.generalAbilityDelta),
    row.uses,
    trillions(row.flops),
  ]);
}

test("the newer methods on the full suite: every figure, and what the text says of them", () => {
  const full: Record<string, BoardRow> = JSON.parse(read("full-figures.json")).rows;
  expect(table("| rank | trainer | OP | BWT | LA | general ability | uses |")).toEqual(boardTable(full));
  const earlier = Object.fromEntries(
    table("| rank | trainer | OP | BWT | LA | general ability | past data |").map(([, name, op, bwt]) => [
      name,
      [op, bwt].map((text) => Number(text!.split(" ")[0]!.replace("−", "-")) / 100),
    ]),
  );
  const op = (name: string) => full[name]!.op.mean;
  const rounded = (value: number) => Math.round(100 * value);
  const routed = ["routed-experts", "routed-lora"];
  expect(routed.map((name) => [rounded(op(name)), full[name]!.generalAbilityDelta.mean])).toEqual([
    [97, 0],
    [86, 0],
  ]);
  const high = Object.keys(full).filter((name) => op(name) > 0.55);
  expect(high.toSorted()).toEqual([...routed, "seekr"].toSorted());
  const others = Object.keys(full).filter((name) => !high.includes(name));
  for (const name of high) for (const other of others) expect(full[name]!.op.low).toBeGreaterThan(full[other]!.op.high);
  expect([rounded(op("seekr")), rounded(earlier.replay![0]!)]).toEqual([90, 96]);
  expect(signed(full.magmax!.bwt!.mean)).toBe("+9.7");
  for (const other of ["ties", "dare"]) expect(op("magmax"), other).toBeGreaterThan(op(other));
  expect(op("magmax")).toBeGreaterThan(earlier.merge![0]!);
  expect([points(op("multimodal")), signed(full.multimodal!.generalAbilityDelta.mean)]).toEqual(["49.5", "−2.1"]);
  const { learningAccuracy, generalAbilityDelta } = full.sdft!;
  expect([points(learningAccuracy!.mean), rounded(generalAbilityDelta.mean)]).toEqual(["21.8", -71]);
  const kept = full.inflora!.bwt!.mean;
  for (const bwt of [full["n-lora"]!.bwt!.mean, earlier.lora![1]!, earlier["o-lora"]![1]!])
    expect(kept).toBeGreaterThan(bwt);
  const lost = ["inflora", "sequential"].map((name) => -rounded(full[name]!.generalAbilityDelta.mean));
  expect(lost).toEqual([87, 94]);
  const below = ["kl", "dare", "ties", "soft-targets", "n-lora", "sdft"];
  for (const name of below) expect(op(name), name).toBeLessThan(op("sequential"));
  expect({ ...full["self-rewrite"], flops: 0, trainedTokens: 0 }).toEqual({
    ...full.sequential,
    flops: 0,
    trainedTokens: 0,
  });
});

describe("five orders", () => {
  const of = (name: string) => board.rows[name]!;
  const op = (name: string) => of(name).op.mean;
  const kept = (name: string) => of(name).generalAbilityDelta.mean;
  const overlap = (a: Estimate, b: Estimate) => a.low <= b.high && b.low <= a.high;

  test("every figure of their table is that of the stored run", () => {
    const expected = boardTable(board.rows);
    expect(table("| rank | row | OP | BWT |")).toEqual(expected);
    expect(expected).toHaveLength(58);
  });

  test("what the text says of their rows", () => {
    for (const name of ["mas", "si"]) expect(Math.round(100 * op(name))).toBe(90);
    for (const name of ["mas", "si", "l2", "ewc"]) {
      expect(of(name).uses).toBe("none");
      expect(overlap(of(name).op, of("replay").op), name).toBe(true);
    }
    const learned = (name: string) => Math.round(100 * of(name).learningAccuracy!.mean);
    expect([learned("mas"), learned("si"), learned("l2"), learned("replay")]).toEqual([91, 91, 92, 83]);
    expect(["routed-experts", "routed-lora"].map((name) => [Math.round(100 * op(name)), kept(name)])).toEqual([
      [88, 0],
      [85, 0],
    ]);
    const high = Object.keys(board.rows).filter((name) => op(name) > 0.8 && !name.startsWith("routed"));
    expect(signed(kept("ewc"))).toBe("−6.1");
    for (const name of high.filter((own) => own !== "ewc")) {
      expect(kept(name), name).toBeLessThan(-0.145);
      expect(kept(name), name).toBeGreaterThan(-0.245);
    }
    expect([points(op("multimodal")), signed(kept("multimodal"))]).toEqual(["62.2", "−0.7"]);
    for (const name of ["ema", "wise-ft", "magmax", "merge-x3", "sequential-2e-4"]) {
      expect(of(name).bwt!.mean, name).toBeGreaterThan(-0.07);
      expect(op(name), name).toBeLessThan(op("sequential"));
    }
    expect(of("joint").rank).toEqual({ best: 1, worst: 34 });
  });

  test("what the text says of tuned rows", () => {
    const pairs = Object.keys(board.rows).flatMap((name) => (`${name}-tuned` in board.rows ? [name] : []));
    const gain = (name: string) => 100 * (op(`${name}-tuned`) - op(name));
    const lost = ["replay", "der++", "multimodal", "soft-targets"];
    for (const name of lost) {
      expect(gain(name), name).toBeLessThan(-7);
      expect(gain(name), name).toBeGreaterThan(-17.5);
      const learned = 100 * (of(`${name}-tuned`).learningAccuracy!.mean - of(name).learningAccuracy!.mean);
      expect(learned, name).toBeLessThan(-25);
      expect(learned, name).toBeGreaterThan(-34);
      expect(kept(`${name}-tuned`), name).toBeGreaterThan(kept(name));
    }
    for (const name of ["lwf", "ogd", "wise-ft"]) expect(pairs).not.toContain(name);
    for (const name of ["lora", "adalora"]) {
      expect(page).toContain(`\`${name}\` (${points(op(name))}, tuned ${points(op(`${name}-tuned`))})`);
      expect(Math.max(op(name), op(`${name}-tuned`))).toBeLessThan(op("sequential") - 0.2);
    }
    const gained = ["kl", "l2p", "progressive-prompts"];
    expect(gained.map((name) => Math.round(gain(name)))).toEqual([16, 9, 7]);
    for (const name of ["lora", "o-lora", "adalora", "freeze"]) expect(Math.abs(gain(name)), name).toBeLessThan(3);
    expect(["ema", "ties"].map((name) => Math.round(gain(name)))).toEqual([-5, -5]);
    const apart = pairs.filter((name) => !overlap(of(name).op, of(`${name}-tuned`).op));
    expect(apart.toSorted()).toEqual(["kl", "l2p", "multimodal", "replay"]);
  });

  test("what the text says of the distance to the base", () => {
    const { correlation, rows: of } = board.baseDistance;
    const [mean, low, high] = [correlation.mean, correlation.low, correlation.high].map((value) =>
      value.toFixed(2).replace("-", "−"),
    );
    expect(page).toContain(`Over the ${correlation.n} tasks after the first`);
    expect(page).toContain(`ρ is ${mean} (95% interval ${low} to ${high})`);
    expect(page).toContain(`\`replay\` ends tasks at ${of.replay!.distance.toFixed(1)} nats a token`);
    expect(of.replay!.forgetting).toBeLessThan(0.005);
    expect(page).toContain(
      `\`sequential\` at ${of.sequential!.distance.toFixed(1)} and forgets ${Math.round(100 * of.sequential!.forgetting)} points`,
    );
  });
});

describe("protecting general ability", () => {
  const protection: Record<string, Row & { instruction: number; safety: number; addedParameters: number }> = JSON.parse(
    read("protection-figures.json"),
  ).rows;

  test("every figure of its table is that of the stored cells", () => {
    const found = table("| row | OP | LA | general ability | instructions |");
    expect(found.map(([name]) => name)).toEqual(Object.keys(protection));
    for (const cells of found) {
      const row = protection[cells[0]!]!;
      const abilities = [row.general, row.instruction, row.safety].map(signed);
      const cost = [trillions(row.flops), thousands(row.addedParameters)];
      expect(cells).toEqual([cells[0], points(row.op), points(row.la), ...abilities, ...cost]);
    }
  });

  test("what the text says of the full suite", () => {
    const { rows: full } = JSON.parse(read("protection-figures.json")).test;
    for (const name of ["routed-experts", "routed-lora"]) {
      const { op, general, instruction, safety } = full[name];
      expect(page, name).toMatch(new RegExp(`\\W${points(op).replace(".", "\\.")}\\W`));
      expect([general, instruction, safety], name).toEqual([0, 0, 0]);
    }
    expect(page).toContain(`unseen tasks ${signed(full["routed-experts"].unseen)} points`);
    const { op, general, flops } = full.replay;
    expect(page).toContain(`\`replay\` at ${points(op)} with general ability ${signed(general)}`);
    expect(page).toContain(
      `${(full["routed-experts"].flops / 1e12).toFixed(2)} TFLOP against ${(flops / 1e12).toFixed(2)}`,
    );
    expect(full["routed-experts"].op).toBeGreaterThan(op - 0.02);
    expect(full["routed-experts"].addedParameters).toBe(7 * 549_312);
  });

  test("what the text says of three orders", () => {
    const { op, general, cells } = JSON.parse(read("protection-figures.json")).orders;
    const all = cells.map((cell: Row) => points(cell.op));
    expect(points(cells.reduce((sum: number, cell: Row) => sum + cell.op / cells.length, 0))).toBe(points(op.mean));
    expect(page).toContain(`OP ${points(op.mean)} ± ${points(op.half)} (${all.join(", ")})`);
    expect(page).toContain(`(general ability ${points(general.mean)} ± ${points(general.half)})`);
    for (const cell of cells) expect([cell.general, cell.instruction, cell.safety]).toEqual([0, 0, 0]);
    const [, , ofReplay, , , generalOfReplay] = table("| rank | trainer | OP |").find(([, name]) => name === "replay")!;
    expect(page).toContain(`\`replay\` has ${ofReplay} in the [table above]`);
    expect(page).toContain(`loses ${generalOfReplay!.replace("−", "")} of general ability`);
  });

  test("what the text says of it", () => {
    const { replay, sequential, ...others } = protection;
    for (const name of ["routed-lora-r16-8e-3", "routed-experts", "routed-experts-1.5e-3"]) {
      const { op, general, instruction, safety } = protection[name]!;
      expect(op, name).toBeGreaterThan(replay!.op - 0.02);
      expect([general, instruction, safety], name).toEqual([0, 0, 0]);
    }
    expect(protection["routed-experts"]!.op).toBeGreaterThan(replay!.op);
    expect(protection["lora-per-task-r32-8e-3"]!.general).toBeLessThan(replay!.general);
    for (const name of ["kl-0.1", "ssr-none", "ssr-none-kl-0.1", "sdft-supervised"]) {
      expect(others[name]!.op, name).toBeLessThan(replay!.op - 0.2);
      expect(others[name]!.general, name).toBeGreaterThan(sequential!.general);
    }
  });
});

describe("what the text says of the table of three orders", () => {
  const orders = table("| rank | trainer | OP |");
  const of = (name: string, column: number) => {
    const found = orders.find((cells) => cells[1] === name)!;
    return Number(found[column + 1]!.split(" ")[0]!.replace("−", "-").replace("+", ""));
  };

  test("the distances to replay, joint and sequential", () => {
    for (const name of ["si", "mas"]) {
      const distance = Math.round(of("replay", 1) - of(name, 1));
      expect(distance).toBeGreaterThanOrEqual(9);
      expect(distance).toBeLessThanOrEqual(12);
      expect(of(name, 1)).toBeGreaterThan(of("ewc", 1));
      expect(of(name, 1)).toBeGreaterThan(of("l2", 1));
    }
    expect(of("joint", 1) - of("gem", 1)).toBeLessThan(1);
    expect(Math.abs(of("lwf", 1) - of("sequential", 1))).toBeLessThan(1);
    expect(of("a-gem", 3)).toBeGreaterThan(of("replay", 3));
    expect(of("progressive-prompts", 2)).toBe(0);
    expect(Math.floor(of("ssr", 1) + 0.5)).toBe(88);
  });
});

test("the number of parameters is that of the model", () => {
  const { tensors } = openCheckpoint(embeddedModel, architectures);
  const count = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  expect(page).toContain(`The present one (${count.toLocaleString("en-US")}, pretrained anew`);
});
