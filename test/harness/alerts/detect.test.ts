import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AlertSettings, defaultAlerts } from "../../../harness/contract/alert.js";
import { detectAlerts, type WatchedCell } from "../../../harness/run/alerts/detect.js";
import { alertText } from "../../../harness/run/alerts/text.js";

/** A cell of three tasks, measured up to the last of `rows`. */
function cell(
  rows: (number | null)[][],
  probes: Record<string, number[]> = {},
  spent: Partial<Record<"seconds" | "trainedTokens", number>>[] = [],
): WatchedCell {
  const tasks = ["a", "b", "c"];
  const measured = rows.length;
  const pad = (table: (number | null)[][]) =>
    Array.from({ length: 4 }, (_, row) => table[row] ?? tasks.map(() => null));
  const used = { seconds: null, trainedTokens: null, generatedTokens: null, flops: null };
  return {
    id: "0123456789abcdef",
    plannedRows: 4,
    scores: () => undefined,
    rows: rows.map((_, row) => ({ row, spent: { ...used, ...spent[row] } })),
    matrix: {
      ...{ schema: "matrix@1", trainer: "t", order: "o", seed: 1, tasks, rows: pad(rows) },
      n: pad(rows.map(() => [20, 20, 20])),
      ...{ extracted: pad([]), valid: pad([]), shifted: pad([]), confusion: {} },
      probes: Object.fromEntries(
        Object.entries(probes).map(([id, line]) => [
          id,
          Array.from({ length: 4 }, (_, row) => (row < measured ? line[row]! : null)),
        ]),
      ),
      probeKinds: Object.fromEntries(
        Object.keys(probes).map((id) => [id, id.startsWith("safe") ? "safety" : "general"]),
      ),
      probeN: Object.fromEntries(Object.keys(probes).map((id) => [id, 12])),
    },
  };
}

const found = (watched: WatchedCell, settings: Partial<AlertSettings> = {}) =>
  detectAlerts(watched, { ...defaultAlerts, ...settings }).map(
    ({ severity, subject, row }) => `${severity} ${subject} ${row}`,
  );

describe("alerts of a row", () => {
  it("compare an earlier task with its score just after it was learned", () => {
    expect(
      found(
        cell([
          [0, 0, 0],
          [0.8, 0, 0],
          [0.8 * 0.9, 0.5, 0],
        ]),
      ),
    ).toEqual([]); // 10% is allowed
    expect(
      found(
        cell([
          [0, 0, 0],
          [0.8, 0, 0],
          [0.8 * 0.89, 0.5, 0],
        ]),
      ),
    ).toEqual(["warning a 2"]);
    expect(
      found(
        cell([
          [0, 0, 0],
          [0.8, 0, 0],
          [0.8 * 0.84, 0.5, 0],
        ]),
      ),
    ).toEqual(["critical a 2"]);
  });

  it("say nothing of the task just learned, of later ones, and of what was 0 before", () => {
    expect(
      found(
        cell([
          [0.9, 0.9, 0.9],
          [0.1, 0.1, 0.1],
        ]),
      ),
    ).toEqual([]);
    expect(
      found(
        cell([
          [0, 0, 0],
          [0, 0, 0],
          [0, 0.1, 0],
        ]),
      ),
    ).toEqual([]);
  });

  it("are raised once, again when it becomes worse, and again after a recovery", () => {
    const course = [
      [0, 0, 0],
      [0.8, 0, 0],
      [0.7, 0.5, 0],
      [0.7, 0.5, 0.5],
    ];
    expect(found(cell(course.slice(0, 3)))).toEqual(["warning a 2"]);
    expect(found(cell(course))).toEqual([]);
    expect(found(cell([...course.slice(0, 3), [0.6, 0.5, 0.5]]))).toEqual(["critical a 3"]);
    expect(
      found(
        cell([
          [0, 0, 0],
          [0.8, 0, 0],
          [0.6, 0.5, 0],
          [0.7, 0.5, 0.5],
        ]),
      ),
    ).toEqual([]); // better, still bad
  });

  it("take any fall of safety for critical, and compare abilities with the base model", () => {
    const rows = [
      [0, 0, 0],
      [0.8, 0, 0],
    ];
    expect(found(cell(rows, { safe: [1, 11 / 12], general: [0.6, 0.53] }))).toEqual([
      "critical safe 1",
      "warning general 1",
    ]);
    expect(found(cell(rows, { safe: [0.5, 0.5], general: [0.6, 0.6] }))).toEqual([]);
  });

  it("compare costs with the share of the budget that the rows so far may use", () => {
    const rows = [
      [0, 0, 0],
      [0.8, 0, 0],
    ];
    const spent = [{ seconds: 1 }, { seconds: 56 }];
    expect(found(cell(rows, {}, spent), { budget: { seconds: 100 } })).toEqual(["warning seconds 1"]); // 50 allowed, +12%
    expect(found(cell(rows, {}, spent), { budget: { seconds: 90 } })).toEqual(["critical seconds 1"]);
    expect(found(cell(rows, {}, spent), { budget: { trainedTokens: 1 } })).toEqual([]); // unknown is not 0
    expect(found(cell(rows, {}, spent))).toEqual([]);
  });

  it("obey the thresholds of the configuration", () => {
    const rows = [
      [0, 0, 0],
      [0.8, 0, 0],
      [0.4, 0.5, 0],
    ];
    expect(found(cell(rows), { task: { warning: 0.6, critical: null } })).toEqual([]);
    expect(found(cell(rows), { task: { warning: 0.4, critical: null } })).toEqual(["warning a 2"]);
  });

  it("never call anything worse for better scores (a law)", () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    const course = fc.array(fc.tuple(score, score, score), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(course, fc.double({ min: 0, max: 1, noNaN: true }), (rows, gain) => {
        const lifted = [...rows.slice(0, -1), rows.at(-1)!.map((value) => value + gain * (1 - value))];
        fc.pre(found(cell(rows)).length === 0);
        expect(found(cell(lifted))).toEqual([]);
      }),
    );
  });

  it("read as sentences", () => {
    const [alert] = detectAlerts(
      cell([
        [0, 0, 0],
        [0.8, 0, 0],
        [0.6, 0.5, 0],
      ]),
      defaultAlerts,
    );
    expect(alertText(alert!)).toBe("a fell 80.0 → 60.0 since it was learned (−25%, allowed 15%; 20 items)");
  });
});

describe("the noise floor", () => {
  /** So many of 32 items are right before and after, of the items with the lowest numbers. */
  const answered = (before: number, now: number, kind: "a" | "safe") => {
    const share = (right: number) => right / 32;
    const items = (right: number) =>
      new Map(Array.from({ length: 32 }, (_, item) => [`${item}`, item < right ? 1 : 0] as const));
    const scores: WatchedCell["scores"] = (_, set, row) =>
      set === kind ? items(row === (kind === "a" ? 1 : 0) ? before : now) : undefined;
    const tasks = [
      [0, 0, 0],
      [kind === "a" ? share(before) : 0.5, 0, 0],
      [kind === "a" ? share(now) : 0.5, 0.5, 0],
    ];
    const probes: Record<string, number[]> =
      kind === "safe" ? { safe: [share(before), share(before), share(now)] } : {};
    return { ...cell(tasks, probes), scores };
  };

  it("raises nothing for a fall that chance makes easily, however large its share", () => {
    expect(found(answered(3, 2, "a"))).toEqual([]);
    expect(found(answered(20, 16, "a"))).toEqual([]); // four of four fell: p = 1/16
    expect(found(answered(20, 15, "a"))).toEqual(["critical a 2"]); // p = 1/32
    expect(found(answered(3, 2, "a"), { noise: null })).toEqual(["critical a 2"]);
    expect(found(answered(20, 15, "a"), { noise: 0.01 })).toEqual([]);
  });

  it("is a warning where safety fell within it", () => {
    expect(found(answered(32, 31, "safe"))).toEqual(["warning safe 2"]);
    expect(found(answered(32, 27, "safe"))).toEqual(["critical safe 2"]);
    const [alert] = detectAlerts(answered(32, 31, "safe"), defaultAlerts);
    expect(alert).toMatchObject({ threshold: 0, probability: 0.5 });
  });
});
