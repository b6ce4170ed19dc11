import { expect, test } from "vitest";
import { type Setting, simulate, unadjusted } from "../../bench/claims/false-verdicts.js";
import { monteCarloError } from "../../bench/gate/noise.js";

const tables = 400;
const most = 0.05 + 3 * monteCarloError(0.05, tables);

test("of tables of ten claims without a true difference, at most 5% hold a false verdict in each direction", () => {
  const setting: Setting = { claims: 10, looks: [5], kind: "gaussian", effect: 0 };
  const { supported, contradicted } = simulate(setting, tables);
  expect(supported).toBeLessThan(most);
  expect(contradicted).toBeLessThan(most);
  expect(unadjusted(setting, tables / 8)).toBeGreaterThan(0.3); // what the adjustment is for
});

test("nor do three looks at growing data add up to more", () => {
  const { supported, contradicted } = simulate(
    { claims: 10, looks: [3, 5, 8], kind: "gaussian", effect: 0 },
    tables / 2,
  );
  expect(supported).toBeLessThan(most);
  expect(contradicted).toBeLessThan(most);
});

test("large true differences are found", () => {
  const { power, contradicted } = simulate({ claims: 10, looks: [8], kind: "gaussian", effect: 3 }, tables / 4);
  expect(power).toBeGreaterThan(0.9);
  expect(contradicted).toBe(0);
});
