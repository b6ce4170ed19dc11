import fc from "fast-check";
import { expect, test } from "vitest";
import { plugin } from "../../../trainers/index.js";
import type { Triple } from "../../../trainers/memory/facts.js";
import { communitiesOf } from "../../../trainers/memory/graph/communities.js";
import { KnowledgeGraph } from "../../../trainers/memory/graph/knowledge-graph.js";
import { Summaries, summarizeWith } from "../../../trainers/memory/graph/summaries.js";
import { byName, learnAll } from "../methods/rig.js";
import { corpusTask } from "./world.js";

function graphOf(passages: readonly (readonly [string, Triple[]])[]): KnowledgeGraph {
  const graph = new KnowledgeGraph({ synonyms: null, passageNodes: true });
  for (const [id, triples] of passages) graph.add(id, triples);
  return graph;
}

/** Four groups of four who know each other; the first two and the last two groups meet more often. */
const people: [string, Triple[]][] = [0, 1, 2, 3].flatMap((group) =>
  [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3]
      .filter((b) => a < b)
      .map((b): [string, Triple[]] => [`${group}-${a}-${b}`, [[`p${group}${a}`, "knows", `p${group}${b}`]]]),
  ),
);
const meetings: [string, Triple[]][] = [
  [
    "m1",
    [
      ["p00", "meets", "p10"],
      ["p01", "meets", "p11"],
    ],
  ],
  [
    "m2",
    [
      ["p20", "meets", "p30"],
      ["p21", "meets", "p31"],
    ],
  ],
  ["m3", [["p00", "writes to", "p20"]]],
];

test("communities that were planted are found", async () => {
  const { walk, phrases } = graphOf([...people, ...meetings]).numbered();
  const [finest] = await communitiesOf(walk.graph, phrases.length);
  const groups = new Set(phrases.map((phrase, node) => `${phrase[1]} ${finest![node]}`));
  expect(groups.size).toBe(4);
});

test("every coarser community is made of finer ones, and the order of the passages does not matter", async () => {
  const phrase = fc.constantFrom(..."abcdefghijkl".split(""));
  const triple = fc.tuple(phrase, fc.constant("near"), phrase);
  const corpus = fc.uniqueArray(fc.tuple(fc.uuid(), fc.array(triple, { minLength: 1, maxLength: 4 })), {
    selector: ([id]) => id,
    maxLength: 12,
  });
  const question = "what is a near b and c";
  await fc.assert(
    fc.asyncProperty(corpus, async (passages) => {
      const graph = graphOf(passages);
      const { walk, phrases } = graph.numbered();
      const levels = await communitiesOf(walk.graph, phrases.length);
      for (const [index, coarser] of levels.entries()) {
        expect(coarser).toHaveLength(phrases.length);
        if (index === 0) continue;
        const parent = new Map<number, number>();
        for (let node = 0; node < phrases.length; node++) {
          const finer = levels[index - 1]![node]!;
          expect(parent.get(finer) ?? coarser[node]).toBe(coarser[node]);
          parent.set(finer, coarser[node]!);
        }
      }
      const [one, other] = [await Summaries.of(graph), await Summaries.of(graphOf([...passages].reverse()))];
      expect(other.all()).toEqual(one.all());
      expect(await other.find([question])).toEqual(await one.find([question]));
    }),
    { numRuns: 60 },
  );
});

/** Twelve clubs of three circles; the three of a circle know each other, and so do the firsts and the seconds of a club. */
const clubs: [string, Triple[]][] = Array.from({ length: 12 }, (_, club): [string, Triple[]] => {
  const name = (circle: number, member: number) => `p${"abcdefghijkl"[club]}${circle}${member}`;
  const circles = [0, 1, 2].flatMap((circle): Triple[] => [
    [name(circle, 0), "knows", name(circle, 1)],
    [name(circle, 1), "knows", name(circle, 2)],
    [name(circle, 0), "knows", name(circle, 2)],
  ]);
  const between: Triple[] = [0, 1, 2].map((circle) => [name(circle, 0), "meets", name((circle + 1) % 3, 1)]);
  const next: Triple = [name(0, 2), "writes to", `p${"abcdefghijkl"[(club + 1) % 12]}02`];
  return [`club ${club}`, [...circles, ...between, next]];
});

test("a question on one circle is answered from a fine level, one that spans circles from a coarser one", async () => {
  const summaries = await Summaries.of(graphOf(clubs));
  const [narrow, wide, none] = await summaries.find([
    "whom do pd10, pd11 and pd12 know?",
    "whom do pd02, pd12, pd22, pd00, pd10, pd20 and pd21 know?",
    "xyz",
  ]);
  expect(narrow).toMatchObject({ level: 0, phrases: 3 });
  expect(wide!.level).toBeGreaterThan(0);
  expect(wide!.phrases).toBeGreaterThanOrEqual(9);
  expect(none).toBeUndefined();
  expect(await (await Summaries.of(graphOf([]))).find(["pd00"])).toEqual([undefined]);
});

test("a model writes summaries, each once, of the facts of the communities that are asked for; of an empty answer facts are left", async () => {
  const asked: string[][] = [];
  const written = ["Three friends.\nAll know each other.\n\nFacts: more", ""];
  const summarize = summarizeWith(async (prompts, tokens) => {
    asked.push([...prompts]);
    expect(tokens).toBeLessThan(200);
    return prompts.map(() => written.shift()!);
  });
  const graph = graphOf(clubs);
  const [plain, summaries] = [await Summaries.of(graph), await Summaries.of(graph, summarize)];
  const circles = ["whom do pd10, pd11 and pd12 know?", "whom do pe10, pe11 and pe12 know?"];
  const [first] = await summaries.find([circles[0]!, circles[0]!]);
  expect(first).toEqual({ level: 0, phrases: 3, text: "Three friends. All know each other." });
  expect(asked).toEqual([[expect.stringContaining("pd10 knows pd11.\n")]]);
  const [same, empty] = await summaries.find(circles);
  expect(same).toEqual(first);
  expect(empty).toEqual({ ...(await plain.find([circles[1]!]))[0]!, unwritten: true });
  expect(asked).toHaveLength(2);
  expect(asked[1]).toHaveLength(1);
});

test("a learner reads the summary before the passages, and says so; nothing of a retracted document is in it", async () => {
  const facts = (all: Triple[]) => all.map((triple) => [...triple] as [string, string, string]);
  const add = people.map(([id, triples]) => ({ id, text: `${triples[0]!.join(" ")}.`, facts: facts(triples) }));
  const secret = { id: "s", text: "p00 hides gold.", facts: facts([["p00", "hides", "gold"]]) };
  const tasks = [corpusTask("one", { add: [...add, secret] }), corpusTask("two", { retract: ["s"] })];
  const options = { extraction: "given", communities: true, passages: 1 };
  const ask = [{ id: "1", input: [{ type: "text" as const, text: "Question: Whom does p00 know?\nAnswer:" }] }];
  const trainer = byName(plugin.trainers!, "hipporag");
  const evidence = async (learned: typeof tasks) => {
    const { learner } = await learnAll(trainer, options, { tasks: learned });
    return (await learner.generate(ask, { maxNewTokens: 3 }))[0]!.evidence!.find((line) => line.startsWith("summary"));
  };
  expect(await evidence(tasks.slice(0, 1))).toMatch(/^summary of 5 phrases, level 0: .*gold/);
  expect(await evidence(tasks)).toMatch(/^summary of 4 phrases, level 0: (?!.*gold)/);
});

test("summaries that the learner's own model writes are part of its cost, and the same after it is restored", async () => {
  const facts = (all: Triple[]) => all.map((triple) => [...triple] as [string, string, string]);
  const add = people.map(([id, triples]) => ({ id, text: `${triples[0]!.join(" ")}.`, facts: facts(triples) }));
  const tasks = [corpusTask("one", { add })];
  const ask = [{ id: "1", input: [{ type: "text" as const, text: "Question: Whom does p00 know?\nAnswer:" }] }];
  const trainer = byName(plugin.trainers!, "hipporag");
  const answered = async (options: Record<string, unknown>, interrupted = false) => {
    const chosen = { extraction: "given", communities: true, passages: 1, ...options };
    const { learner } = await learnAll(trainer, chosen, { tasks, interrupted });
    const [answer] = await learner.generate(ask, { maxNewTokens: 3 });
    return { answer, tokens: (await learner.cost()).generatedTokens! };
  };
  const [extractive, written] = [await answered({}), await answered({ summaries: "model" })];
  expect(written.tokens).toBeGreaterThan(extractive.tokens);
  expect(await answered({ summaries: "model" }, true)).toEqual(written);
});
