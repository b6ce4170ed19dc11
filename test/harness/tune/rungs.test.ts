import { expect, test } from "vitest";
import { rungsOf } from "../../../harness/tune/rungs.js";

test("random search is one rung", () => {
  expect(rungsOf({ kind: "random", tasks: 3, candidates: 12, eta: 2 })).toEqual([{ tasks: 3, candidates: 12 }]);
});

test("halving keeps 1/η of the candidates on η times the tasks, from two tasks on", () => {
  expect(rungsOf({ kind: "halving", tasks: 8, candidates: 16, eta: 2 })).toEqual([
    { tasks: 2, candidates: 16 },
    { tasks: 4, candidates: 8 },
    { tasks: 8, candidates: 4 },
  ]);
  expect(rungsOf({ kind: "halving", tasks: 3, candidates: 9, eta: 3 })).toEqual([
    { tasks: 2, candidates: 9 },
    { tasks: 3, candidates: 3 },
  ]);
});

test("two tasks give no second rung", () => {
  expect(() => rungsOf({ kind: "halving", tasks: 2, candidates: 9, eta: 2 })).toThrow(/two rungs/);
});
