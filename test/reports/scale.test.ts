import fc from "fast-check";
import { expect, test } from "vitest";
import { placeLabels } from "../../reports/charts/place-labels.js";
import { linearScale, roundDomain } from "../../reports/charts/scale.js";

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test("a scale is monotone, hits the ends, and clamps", () => {
  fc.assert(
    fc.property(value, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), value, value, (low, span, a, b) => {
      const scale = linearScale([low, low + span], [0, 100]);
      expect(scale(low)).toBeCloseTo(0);
      expect(scale(low + span)).toBeCloseTo(100);
      expect(scale(Math.min(a, b))).toBeLessThanOrEqual(scale(Math.max(a, b)));
      expect(scale(a)).toBeGreaterThanOrEqual(0);
      expect(scale(a)).toBeLessThanOrEqual(100);
    }),
  );
});

test("ticks are round, ascending, inside the domain, and about as many as asked for", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), fc.integer({ min: 2, max: 8 }), (high, count) => {
      const ticks = linearScale([0, high], [0, 1]).ticks(count);
      expect(ticks[0]).toBe(0);
      expect(ticks.at(-1)).toBeLessThanOrEqual(high * (1 + 1e-9));
      expect(ticks.length).toBeGreaterThanOrEqual(count / 2);
      expect(ticks.length).toBeLessThanOrEqual(2 * count + 1);
      const step = ticks[1]!;
      expect([1, 2, 5]).toContain(Number((step / 10 ** Math.floor(Math.log10(step) + 1e-9)).toPrecision(6)));
    }),
  );
});

test("a round domain holds every value", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true })), (values) => {
      const [low, high] = roundDomain(values, 4);
      expect(low).toBe(0);
      expect(high).toBeGreaterThan(0);
      for (const one of values) expect(one).toBeLessThanOrEqual(high * (1 + 1e-9));
    }),
  );
  expect(roundDomain([], 4)).toEqual([0, 1]);
  expect(roundDomain([67], 4)).toEqual([0, 80]);
});

test("labels of points on one line do not hide each other", () => {
  const names = ["joint", "replay", "sequential", "lora"];
  const placed = placeLabels(
    names.map((text, index) => ({ text, x: 100, y: 50 + index * 18 })),
    { left: 0, right: 400, top: 0, bottom: 200 },
  );
  expect(placed.map(({ text }) => text)).toEqual(names);
  const rows = placed.filter(({ anchor }) => anchor === "start").map(({ y }) => y);
  for (const [index, y] of rows.entries()) {
    for (const other of rows.slice(index + 1)) expect(Math.abs(y - other)).toBeGreaterThanOrEqual(13);
  }
});

test("a label at the right edge turns to the left", () => {
  const [label] = placeLabels([{ text: "commonsense", x: 395, y: 100 }], { left: 0, right: 400, top: 0, bottom: 200 });
  expect(label!.anchor).toBe("end");
});
