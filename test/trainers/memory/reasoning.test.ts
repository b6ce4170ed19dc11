import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plugin } from "../../../trainers/index.js";
import type { Triple } from "../../../trainers/memory/facts.js";
import { KnowledgeGraph } from "../../../trainers/memory/graph/knowledge-graph.js";
import { learnRules } from "../../../trainers/memory/reasoning/learn-rules.js";
import { RuleBase } from "../../../trainers/memory/reasoning/rule-base.js";
import { compileRules, type Rule } from "../../../trainers/memory/reasoning/rules.js";
import { byName, learnAll } from "../methods/rig.js";
import { corpusTask } from "./world.js";

function baseOf(passages: Record<string, Triple[]>, rules: Rule[]): RuleBase {
  const graph = new KnowledgeGraph({ synonyms: null, passageNodes: true });
  for (const [id, triples] of Object.entries(passages)) graph.add(id, triples);
  return new RuleBase(graph, { rules, learnRules: null });
}

const world: Record<string, Triple[]> = {
  d1: [["jack", "lives in", "lima"]],
  d2: [["lima", "located in", "peru"]],
  d3: [["peru", "located in", "south america"]],
  d4: [["ann", "parent of", "jack"]],
  d5: [["cuzco", "former capital of", "peru"]],
  d6: [
    ["mia", "works at from 2001 to 2004", "acme"],
    ["mia", "works at since 2005", "zeta"],
  ],
};
const rules: Rule[] = [
  { relation: "lives in", functional: true },
  { relation: "located in", transitive: true },
  { relation: "parent of", inverse: "child of" },
  { relation: "former capital of", implies: "located in" },
  { relation: "works at", functional: true },
];

test.each([
  ["Where does Jack live?", "lima", ["d1"]],
  ["Is Lima located in South America?", "yes", ["d2", "d3"]],
  ["Where is Lima located?", "peru", ["d2"]],
  ["Jack is the child of whom?", "ann", ["d4"]],
  ["Ann is the parent of whom?", "jack", ["d4"]],
  ["Where is Cuzco located?", "peru", ["d5"]],
  ["Where does Mia work?", "zeta", ["d6"]],
  ["Where did Mia work in 2003?", "acme", ["d6"]],
])("%s %s", (question, answer, passages) => {
  const found = baseOf(world, rules).reason(question)!;
  expect(found).toMatchObject({ answer, passages });
  expect(found.lines.filter((line) => line.startsWith("proof: "))).toHaveLength(passages.length);
});

test.each([
  "Where does Ann live?",
  "Where does the boss of Jack live?",
  "Where do Jack and Mia live?",
  "Where does Mia work in 1990?",
  "Is Peru located in Lima?",
  "Who is Jack?",
  "?",
])("nothing follows for %s", (question) => {
  expect(baseOf(world, rules).reason(question)?.answer).toBeUndefined();
});

test("documents that contradict each other are shown, and give no answer", () => {
  const torn = baseOf({ ...world, d7: [["jack", "lives in", "oslo"]] }, rules);
  const { answer, lines } = torn.reason("Where does Jack live?")!;
  expect(answer).toBeUndefined();
  expect(lines).toEqual(["contradiction: jack lives in lima (d1), but jack lives in oslo (d7)"]);
  expect(torn.notes()).toEqual({ contradictions: 1, "which contradictions": lines[0] });
  // What begins later replaces what began before.
  expect(baseOf(world, rules).notes()).toEqual({ contradictions: 0 });
});

describe("cycles are errors", () => {
  test.each<[string, Rule[]]>([
    [
      '"a" → "b" → "a"',
      [
        { relation: "a", implies: "b" },
        { relation: "b", implies: "a" },
      ],
    ],
    ['"a" → "a"', [{ relation: "a", implies: "a" }]],
    [
      '"b" → "c" → "b"',
      [
        { relation: "b", implies: "c" },
        { relation: "d", implies: "b" },
        { relation: "c", inverse: "d" },
      ],
    ],
    [
      "",
      [
        { relation: "a", inverse: "b" },
        { relation: "b", inverse: "a" },
      ],
    ],
    [
      "",
      [
        { relation: "a", inverse: "b" },
        { relation: "a", inverse: "c" },
      ],
    ],
  ])("%s", (path, all) => {
    expect(() => compileRules(all)).toThrowError(
      expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(path) }),
    );
  });

  test("a relation may be its own inverse, or have several that imply it", () => {
    const all = [
      { relation: "married to", inverse: "married to" },
      { relation: "a", implies: "c" },
      { relation: "b", implies: "c" },
    ];
    expect(compileRules(all).sources.get("c")).toHaveLength(3);
    expect(baseOf({ d: [["tom", "married to", "eve"]] }, all).reason("To whom is Eve married?")!.answer).toBe("tom");
  });

  test("a relation without a letter is refused", () => {
    expect(() => compileRules([{ relation: "–" }])).toThrowError(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});

test("a transitive relation reaches what steps one by one reach, cycles in the facts included", () => {
  const names = ["p", "q", "r", "s", "t"];
  const edges = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 8 });
  fc.assert(
    fc.property(edges, fc.constantFrom(...names), fc.constantFrom(...names), (all, from, to) => {
      fc.pre(from !== to && all.some((pair) => pair.includes(from)) && all.some((pair) => pair.includes(to)));
      const reached = new Set([from]);
      for (const _ of names) for (const [a, b] of all) if (reached.has(a)) reached.add(b);
      const passages = Object.fromEntries(all.map(([a, b], index) => [`d${index}`, [[a, "within", b]] as Triple[]]));
      const found = baseOf(passages, [{ relation: "within", transitive: true }]).reason(`is ${from} within ${to}`)!;
      expect(found.answer === "yes").toBe(reached.has(to));
    }),
  );
});

test("rules are learned from counts, whatever the order of the facts", () => {
  const facts: Triple[] = Array.from({ length: 12 }, (_, index): Triple[] => [
    [`child ${index}`, "child of", `parent ${index}`],
    [`parent ${index}`, "parent of", `child ${index}`],
    [`room ${index}`, "within", `house ${index}`],
    [`house ${index}`, "within", `town ${index}`],
    [`room ${index}`, "within", `town ${index}`],
    [`child ${index}`, "knows", `child ${index + 1}`],
    [`child ${index}`, "knows", `child ${index + 2}`],
  ]).flat();
  const learned = learnRules(facts, { support: 10, confidence: 0.95 });
  expect(learned).toEqual([
    { relation: "child of", functional: true },
    { relation: "child of", inverse: "parent of" },
    { relation: "parent of", functional: true },
    { relation: "within", transitive: true },
  ]);
  expect(learnRules([...facts].reverse(), { support: 10, confidence: 0.95 })).toEqual(learned);
  expect(learnRules(facts, { support: 13, confidence: 0.95 }).map(({ relation }) => relation)).toEqual([]);
});

test("a learner answers by rules, without asking the model, in the document's own wording, with the proof", async () => {
  const task = corpusTask("one", {
    add: [
      { id: "a", text: "Jack lives in New York.", facts: [["Jack", "lives in", "New York"]] },
      { id: "b", text: "Ann lives in Rome.", facts: [["Ann", "lives in", "Rome"]] },
      { id: "c", text: "Ann lives in Oslo.", facts: [["Ann", "lives in", "Oslo"]] },
    ],
  });
  const options = { extraction: "given", rules: [{ relation: "lives in", functional: true }] };
  const { learner, reports } = await learnAll(byName(plugin.trainers!, "hipporag"), options, { tasks: [task] });
  expect(reports[0]!.notes).toMatchObject({ contradictions: 1 });
  const ask = (id: string, text: string) => ({
    id,
    input: [{ type: "text" as const, text: `Question: ${text}\nAnswer:` }],
  });
  const before = (await learner.cost()).generatedTokens;
  const [jack] = await learner.generate([ask("1", "Where does Jack live?")], { maxNewTokens: 3 });
  expect(jack).toMatchObject({ text: "New York", tokens: 0, finishReason: "end" });
  expect(jack!.evidence).toContain("proof: jack lives in new york (a)");
  expect((await learner.cost()).generatedTokens).toBe(before);
  const both = await learner.generate([ask("1", "Where does Ann live?"), ask("2", "Where does Jack live?")], {
    maxNewTokens: 3,
  });
  expect(both[0]!.evidence!.join()).toContain("contradiction: ann lives in rome (b), but ann lives in oslo (c)");
  expect(both[0]!.tokens).toBeGreaterThan(0);
  expect(both[1]!.text).toBe("New York");
});
