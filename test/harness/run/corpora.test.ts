import { expect, test } from "vitest";
import type { CorpusChange, Suite } from "../../../harness/contract/suite.js";
import { malformedCorpus } from "../../../harness/run/plan/check-corpora.js";
import { ordersOf } from "../../../harness/run/plan/orders.js";

const corpus = (add: string[], change: string[] = [], retract: string[] = []): CorpusChange => ({
  add: add.map((id) => ({ id, text: id })),
  change: change.map((id) => ({ id, text: `${id} is new` })),
  retract,
});

/** Two groups of documents, each added and then changed. */
const groups = {
  name: "groups",
  tasks: [
    { id: "a", corpus: corpus(["a1", "a2"]) },
    { id: "a'", corpus: corpus(["a3"], ["a1"], ["a2"]) },
    { id: "b", corpus: corpus(["b1"]) },
    { id: "b'", corpus: corpus([], [], ["b1"]) },
  ],
  orders: [{ name: "first", tasks: ["a", "a'", "b", "b'"] }],
} as unknown as Suite;

test("shuffles keep documents before their changes, and end where there are no more", () => {
  const orders = ordersOf(groups, 6);
  for (const { tasks } of orders) {
    expect(tasks.indexOf("a")).toBeLessThan(tasks.indexOf("a'"));
    expect(tasks.indexOf("b")).toBeLessThan(tasks.indexOf("b'"));
  }
  expect(new Set(orders.map(({ tasks }) => tasks.join())).size).toBe(6);
  expect(() => ordersOf(groups, 7)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
});

test("a published order that changes what is not there is refused with the document's name", () => {
  const wrong = { ...groups, orders: [{ name: "wrong", tasks: ["a'", "a", "b", "b'"] }] };
  expect(() => ordersOf(wrong, 1)).toThrow(/order "wrong" .*"a'" needs the document "a1", which is not there yet/);
});

test.each<[string, unknown, RegExp]>([
  ["a missing list", { add: [] }, /lacks one of the lists/],
  ["a document without a text", { ...corpus([]), add: [{ id: "x" }] }, /lacks an id or a text/],
  ["a document that is none", { ...corpus([]), change: [null] }, /lacks an id or a text/],
  ["an id that is none", { ...corpus([]), retract: [7] }, /no id/],
  ["an id twice", corpus(["x"], [], ["x"]), /"x" twice/],
])("%s is found", (_, change, message) => {
  expect(malformedCorpus({ id: "t", corpus: change as CorpusChange })).toMatch(message);
});
