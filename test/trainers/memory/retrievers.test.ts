import fc from "fast-check";
import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import type { CorpusChange, Document } from "../../../harness/contract/suite.js";
import { Bm25 } from "../../../trainers/memory/bm25.js";
import { Dense } from "../../../trainers/memory/dense.js";
import { DocumentStore } from "../../../trainers/memory/documents.js";
import { factsByRules } from "../../../trainers/memory/extraction/rules.js";
import { HippoRag } from "../../../trainers/memory/hipporag.js";
import { type HippoRagOptions, hippoRagOptions } from "../../../trainers/memory/options.js";
import { RankFusion } from "../../../trainers/memory/rank-fusion.js";
import { recognizeAll } from "../../../trainers/memory/recognition.js";
import { best, type Retriever } from "../../../trainers/memory/retriever.js";
import { termsOf } from "../../../trainers/memory/terms.js";
import { operations, play } from "./world.js";

const defaults = checkOptions({ properties: hippoRagOptions }, {}, "hipporag") as HippoRagOptions;

/** An embedder without a model: counts of terms by their hashes, scaled to length 1. */
const embedder = async (texts: readonly string[]) =>
  texts.map((text) => {
    const vector = new Float32Array(16);
    for (const term of termsOf(text)) {
      let hash = 7;
      for (const unit of term) hash = (hash * 31 + unit.codePointAt(0)!) % 16;
      vector[hash]! += 1;
    }
    const length = Math.hypot(...vector) || 1;
    return vector.map((value) => value / length);
  });

const makers: [string, () => Retriever][] = [
  ["bm25", () => new Bm25({ k1: 0.9, b: 0.4 })],
  ["dense", () => new Dense(embedder)],
  ["hipporag", () => hippoRag()],
  ["hipporag without passage nodes", () => hippoRag({ passageNodes: false })],
  ["hipporag without walk", () => hippoRag({ pageRank: false, synonyms: null })],
  ["fusion", () => new RankFusion([new Bm25({ k1: 0.9, b: 0.4 }), new Dense(embedder)])],
];

const hippoRag = (options: Partial<HippoRagOptions> = {}) =>
  new HippoRag(
    {
      extract: factsByRules,
      passages: new Bm25({ k1: 0.9, b: 0.4 }),
      facts: new Bm25({ k1: 0.9, b: 0.4 }),
      recognize: recognizeAll,
    },
    { ...defaults, ...options },
  );

const queries = ["Tom Paris", "boss of Tom", "北京大学", "in the", "nothing of it", "Straße 7"];

test("a fusion has the summary, the trail and the answer of the retriever that has them", async () => {
  const make = () => hippoRag({ communities: true, rules: [{ relation: "lives in", functional: true }] });
  const [alone, fused] = [make(), new RankFusion([new Bm25({ k1: 0.9, b: 0.4 }), make()])];
  const documents = [{ id: "a", text: "Tom lives in Paris. Tom is the boss of Tomas." }];
  for (const retriever of [alone, fused]) await retriever.add(documents);
  const [found] = await alone.search(["Where does Tom live?"], 1);
  expect(found).toMatchObject({ answer: { phrase: "paris" }, summary: { text: expect.stringContaining("paris") } });
  const { hits: _, ...evidence } = found!;
  expect((await fused.search(["Where does Tom live?"], 1))[0]).toMatchObject(evidence);
});

test.each(makers)(
  "%s: changes one by one, in any order, leave what indexing at once gives, to the bit",
  async (_, make) => {
    await fc.assert(
      fc.asyncProperty(operations, fc.infiniteStream(fc.nat()), async (steps, seeds) => {
        const [store, grown] = [new DocumentStore(), make()];
        const left = await play(steps, async (change: CorpusChange) => {
          const old = [...change.change.map(({ id }) => id), ...change.retract].map((id) => store.get(id)!);
          store.apply(change);
          await grown.remove(old);
          await grown.add([...change.add, ...change.change]);
        });
        const shuffled = left
          .map((document) => [seeds.next().value, document] as const)
          .sort(([a], [b]) => a - b)
          .map(([, document]) => document);
        const atOnce = make();
        await atOnce.add(shuffled);
        expect(await grown.search(queries, 4)).toEqual(await atOnce.search(queries, 4));
        if (grown.state !== undefined) expect(grown.state()).toEqual(atOnce.state!());
        if (grown instanceof Bm25 && atOnce instanceof Bm25) expect(grown.counts()).toEqual(atOnce.counts());
      }),
      { numRuns: 60 },
    );
  },
);

test("bm25 scores as the formula says, short and long documents, one query after another", async () => {
  const bm25 = new Bm25({ k1: 1.2, b: 0.75 });
  await bm25.add([
    { id: "1", text: "red red blue" },
    { id: "2", text: "blue" },
    { id: "3", text: `red${" gray".repeat(399)}` },
  ]);
  const [, { hits }] = (await bm25.search(["blue", "Red"], 5)) as [unknown, { hits: { id: string; score: number }[] }];
  const idf = Math.log(1 + (3 - 2 + 0.5) / (2 + 0.5));
  const score = (count: number, length: number) =>
    (idf * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * length) / (404 / 3)));
  expect(hits).toEqual([
    { id: "1", score: expect.closeTo(score(2, 3), 12) },
    { id: "3", score: expect.closeTo(score(1, 400), 12) },
  ]);
});

test("with the squared frequency a rare word counts more", async () => {
  const scores = async (rarity: 1 | 2) => {
    const bm25 = new Bm25({ k1: 0.9, b: 0.4 }, rarity);
    await bm25.add(
      ["erik was here", "ann was here", "ben was here"].map((text) => ({ id: text.split(" ")[0]!, text })),
    );
    return best([...(await bm25.scores(["Erik"]))][0]!, 1)[0]!.score;
  };
  expect((await scores(2)) / (await scores(1))).toBeCloseTo(Math.log(1 + (3 - 1 + 0.5) / (1 + 0.5)), 12);
});

test("terms: scripts without spaces give characters and pairs, others words, whatever their normal form", () => {
  expect(termsOf("北京大学 in 2024年, Zoë’s CAFÉ")).toEqual(
    ["北", "京", "北京", "大", "京大", "学", "大学", "in", "2024", "年", "zoë", "s", "café"].map((term) =>
      term.normalize("NFKC"),
    ),
  );
  expect(termsOf("CAFE\u0301")).toEqual(termsOf("café"));
  expect(termsOf("ｆｕｌｌ１")).toEqual(["full1"]);
});

test.each<[string, CorpusChange, RegExp]>([
  ["an id that is there", { add: [{ id: "a", text: "x" }], change: [], retract: [] }, /"a" is added, but is there/],
  [
    "twice the same id",
    {
      add: [
        { id: "n", text: "x" },
        { id: "n", text: "y" },
      ],
      change: [],
      retract: [],
    },
    /twice/,
  ],
  ["a change of nothing", { add: [], change: [{ id: "z", text: "x" }], retract: [] }, /to be changed, but is not/],
  ["a retraction of nothing", { add: [], change: [], retract: ["z"] }, /to be retracted, but is not there/],
  ["an empty document", { add: [{ id: "n", text: " \n…" }], change: [], retract: [] }, /no letter and no digit/],
  ["an enormous document", { add: [{ id: "n", text: "x".repeat(200_001) }], change: [], retract: [] }, /200001/],
])("%s is refused, and nothing is lost", (_, change, message) => {
  const store = new DocumentStore();
  const document: Document = { id: "a", text: "Tom lives in Paris." };
  store.apply({ add: [document], change: [], retract: [] });
  const bad = { ...change, add: [{ id: "good", text: "good" }, ...change.add] };
  expect(() => store.apply(bad)).toThrow(
    expect.objectContaining({ code: "DATA_INVALID", message: expect.stringMatching(message) }),
  );
  expect(store.all()).toEqual([document]);
});
