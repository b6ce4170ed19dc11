import { expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { inputText, type Task } from "../../../harness/contract/suite.js";
import { metricOf } from "../../../harness/metrics/definition.js";
import { corpusConflict, malformedCorpus } from "../../../harness/run/plan/check-corpora.js";
import { ordersOf } from "../../../harness/run/plan/orders.js";
import { generateKnowledge } from "../../../suites/knowledge-seq/generate.js";
import { knowledgeMetrics } from "../../../suites/knowledge-seq/metrics.js";
import { readingItem } from "../../../suites/knowledge-seq/reading.js";
import { relations, unknown, wordsOf } from "../../../suites/knowledge-seq/relations.js";

const suite = generateKnowledge(false);
const [first, later] = ["facts", "changes"].map((kind) => suite.tasks.filter(({ id }) => id.startsWith(kind))) as [
  Task[],
  Task[],
];

test("the same data every time", () => {
  expect(generateKnowledge(false).digest).toBe(suite.digest);
  expect(suite.digest).toMatchInlineSnapshot(`"4ffa38efc064db6d40773007e62ccc04e65e449ef3c9aaaa98f81d1f5acf3a7b"`);
});

test("every order adds documents before it changes them, shuffles included", () => {
  for (const { tasks } of ordersOf(suite, 8)) {
    expect(corpusConflict(tasks.map((id) => suite.tasks.find((task) => task.id === id)!))).toBeUndefined();
  }
  expect(suite.tasks.map(malformedCorpus)).toEqual(suite.tasks.map(() => undefined));
});

/** Every text that a document can be → what it says. */
const sayings = new Map(
  relations.flatMap(({ id, subject: subjects, value: values, states, changes }) =>
    wordsOf(subjects).flatMap((subject) =>
      wordsOf(values).flatMap((value) => [
        [states(subject, value), { key: `${id} ${subject}`, value }] as const,
        ...wordsOf(values).map(
          (old) => [changes(subject, old, value), { key: `${id} ${subject}`, value, old }] as const,
        ),
      ]),
    ),
  ),
);

/** What documents say: relation and subject → value now, and before a change. */
const read = (texts: readonly string[]) =>
  new Map(
    texts
      .map((text) => sayings.get(text)!)
      .map(({ key, ...said }): [string, { value: string; old?: string }] => [key, said]),
  );

/** The documents after some tasks. */
function documentsAfter(tasks: readonly Task[]): string[] {
  const there = new Map<string, string>();
  for (const { corpus } of tasks) {
    for (const { id, text } of [...corpus!.add, ...corpus!.change]) there.set(id, text);
    for (const id of corpus!.retract) there.delete(id);
  }
  return [...there.values()];
}

test("the documents at the end say the answer of every question but those that nothing answers", () => {
  const known = read(documentsAfter([...first, ...later]));
  for (const { test: items } of suite.tasks) {
    for (const { input, references, aspect } of items) {
      const question = inputText(input);
      for (const { id, asks, asksBefore } of relations) {
        const subjects = new Set([...known.keys()].map((key) => key.split(" ")[1]!));
        for (const subject of subjects) {
          const fact = known.get(`${id} ${subject}`);
          if (asks(subject).some((wording) => question === `Question: ${wording}\nAnswer:`)) {
            expect(fact?.value ?? unknown, question).toBe(references[0]);
          }
          if (asksBefore(subject).some((wording) => question === `Question: ${wording}\nAnswer:`)) {
            expect(fact?.old ?? unknown, question).toBe(references[0]);
          }
        }
      }
      expect(references[0] === unknown).toBe(aspect === "unanswerable" || aspect === "retracted");
    }
  }
});

test("questions of tests occur in no training and in no validation data; every aspect is there", () => {
  const trained = new Set(
    suite.tasks.flatMap(({ train, validation }) => [...train, ...validation].map(({ id }) => id)),
  );
  const tested = suite.tasks.flatMap((task) => task.test);
  expect(tested.filter(({ id }) => trained.has(id))).toEqual([]);
  expect([...new Set(tested.map(({ aspect }) => aspect))].sort()).toEqual([
    "added",
    "locality",
    "multi-hop",
    "portability",
    "retracted",
    "single-hop",
    "temporal",
    "unanswerable",
    "update",
  ]);
});

test("what the base model learns to read: the passages tell the answer, or it is unknown", () => {
  const items = Array.from({ length: 400 }, (_, item) => readingItem(random({ seed: 9, stream: "test", item })));
  for (const { prompt, answer } of items) {
    if (answer !== unknown) expect(prompt.split("Question:")[0]).toContain(answer);
  }
  const open = items.filter(({ answer }) => answer === unknown).length;
  expect(open).toBeGreaterThan(60);
  expect(open).toBeLessThan(240);
});

test("metrics read the aspects of the right rows, and are null without them", () => {
  const aspect = (rows: (number | null)[][]) => ({ rows, n: rows.map((row) => row.map((value) => value && 4)) });
  const matrix = {
    tasks: ["a", "b"],
    rows: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
    aspects: {
      "single-hop": aspect([
        [0, null],
        [1, null],
        [0.75, null],
      ]),
      update: aspect([
        [null, 0],
        [null, 0.25],
        [null, 0.5],
      ]),
      locality: aspect([
        [null, 0],
        [null, 0.8],
        [null, 0.6],
      ]),
    },
  } as unknown as MatrixRecord;
  const values = Object.fromEntries(knowledgeMetrics.map((metric) => [metric.key, metricOf(metric).compute(matrix)]));
  expect(values.knowledgeRetention).toEqual({ value: 0.75 });
  expect(values.updateSuccess).toEqual({ value: 0.5 });
  expect(values.updateLocality!.value).toBeCloseTo(-0.2, 12);
  expect(values.abstention).toEqual({ value: null, reason: 'no item examines the aspect "unanswerable"' });
  expect(new Set(knowledgeMetrics.map(({ id }) => id)).size).toBe(knowledgeMetrics.length);
});
