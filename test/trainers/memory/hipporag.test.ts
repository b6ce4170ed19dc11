import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import type { Document, Fact } from "../../../harness/contract/suite.js";
import { Bm25 } from "../../../trainers/memory/bm25.js";
import { givenFacts } from "../../../trainers/memory/extraction/extractor.js";
import { promptedFacts } from "../../../trainers/memory/extraction/prompted.js";
import { factsByRules } from "../../../trainers/memory/extraction/rules.js";
import { phraseOf, triplesOf } from "../../../trainers/memory/facts.js";
import { HippoRag } from "../../../trainers/memory/hipporag.js";
import { askEndpoint } from "../../../trainers/memory/language-model.js";
import { type HippoRagOptions, hippoRagOptions } from "../../../trainers/memory/options.js";
import { recognizeAll, recognizeWith } from "../../../trainers/memory/recognition.js";

const defaults = checkOptions({ properties: hippoRagOptions }, {}, "hipporag") as HippoRagOptions;
const made = (options: Partial<HippoRagOptions> = {}, recognize = recognizeAll) => {
  const words = { k1: 0.9, b: 0.4 };
  const parts = { extract: factsByRules, passages: new Bm25(words), facts: new Bm25(words), recognize };
  return new HippoRag(parts, { ...defaults, ...options });
};
const documents: Document[] = [
  { id: "1", text: "Erik Hort was born in Montebello." },
  { id: "2", text: "Montebello is a part of Rockland County." },
  { id: "3", text: "Oliver Badman is a politician." },
  { id: "4", text: "Thomas Marwick was born in Kirkwall." },
];
const idsOf = (hits: { id: string }[]) => hits.map(({ id }) => id);

test("rules find facts: prepositions, appositions, passive, pronouns, possessives, titles, scripts without spaces", async () => {
  const texts: Document[] = [
    { id: "1", text: "Alice Munro, a Canadian writer, won the Nobel Prize in 2013. She was born in Wingham." },
    { id: "2", text: "The film was directed by Christopher Nolan and stars Cillian Murphy." },
    { id: "3", title: "Rockland County", text: "It is part of New York." },
    { id: "4", text: "王明住在北京。北京是中国的首都。" },
    { id: "5", text: "Nothing. Ha!" },
  ];
  expect((await factsByRules(texts)).map((facts) => facts.map((fact) => fact.join("|")))).toEqual([
    [
      "Alice Munro|is|Canadian writer",
      "Alice Munro|won|Nobel Prize",
      "Alice Munro|won in|2013",
      "Alice Munro|was born in|Wingham",
    ],
    ["film|was directed by|Christopher Nolan", "film|stars|Cillian Murphy"],
    ["Rockland County|is part of|New York"],
    ["王明|住在|北京", "北京|是|中国的首都"],
    [],
  ]);
});

test("phrases of any script keep their letters; facts without one are no facts; equal facts are one", () => {
  expect(["  The “Öre­sund” ", "北京（首都）", "…", "İ"].map(phraseOf)).toEqual(["the öre sund", "北京 首都", "", "i̇"]);
  const facts: Fact[] = [
    ["A", "is", "B"],
    ["a", "IS", "b!"],
    ["A", "—", "B"],
    ["…", "is", "B"],
  ];
  expect(triplesOf(facts)).toEqual([["a", "is", "b"]]);
});

test("a passage that shares no word with the question is found over the graph, with facts, seeds and path as evidence", async () => {
  const memory = made();
  await memory.add(documents);
  const [found] = await memory.search(["Erik Hort"], 2);
  expect(idsOf(found!.hits)).toEqual(["1", "2"]);
  expect(found!.trail).toContain("path: montebello → passage 2");
  expect(found!.trail!.some((line) => /^fact \(1\.00\): erik hort was born in montebello$/.test(line))).toBe(true);
  const words = new Bm25({ k1: 0.9, b: 0.4 });
  await words.add(documents);
  expect(idsOf((await words.search(["Erik Hort"], 2))[0]!.hits)).not.toContain("2");
});

test("without a fact that fits, passages are ranked alone; an empty memory finds nothing", async () => {
  const memory = made();
  expect((await memory.search(["Montebello"], 2))[0]!.hits).toEqual([]);
  await memory.add([{ id: "x", text: "Hello Montebello!" }]);
  expect((await memory.search(["Montebello"], 2))[0]).toEqual({
    hits: [{ id: "x", score: expect.any(Number) }],
    trail: ["no fact: passages alone"],
  });
});

test("synonyms link phrases that are written alike", async () => {
  const texts: Document[] = [
    { id: "1", text: "Ann works in the Kirkwallton Museum." },
    { id: "2", text: "The Kirkwallton Museums are in Orkney." },
    { id: "3", text: "Ann likes tea." },
  ];
  const [linked, apart] = [made(), made({ synonyms: null })];
  for (const memory of [linked, apart]) await memory.add(texts);
  const trails = await Promise.all([linked, apart].map((memory) => memory.search(["Who is Ann?"], 3)));
  expect(trails[0]![0]!.trail!.join()).toContain("passage 2");
  expect(trails[1]![0]!.trail!.join()).not.toContain("passage 2");
});

test("the filter keeps some facts, none, or says that it was not understood", async () => {
  const answers = ["2", "None of them.", "I cannot say"];
  const memory = made(
    {},
    recognizeWith(async (prompts) => prompts.map((_, index) => answers[index]!)),
  );
  await memory.add(documents);
  const found = await memory.search(
    answers.map(() => "Who was born in Montebello or Kirkwall?"),
    2,
  );
  expect(found[0]!.trail!.filter((line) => line.startsWith("fact ("))).toHaveLength(1);
  expect(found[0]!.trail!.some((line) => line.startsWith("fact not kept"))).toBe(true);
  expect(found[1]!.trail).toContain("no fact: passages alone");
  expect(found[2]!.trail).toContain("filter not understood, facts kept: I cannot say");
});

test("the filter is not asked for a question that rules answer; its facts are kept", async () => {
  const asked: string[] = [];
  const none = recognizeWith(async (prompts) => {
    asked.push(...prompts);
    return prompts.map(() => "none");
  });
  const memory = made({ rules: [{ relation: "was born in", functional: true }] }, none);
  await memory.add(documents);
  const [open, answered] = await memory.search(["Who is Oliver Badman?", "Where was Erik Hort born in?"], 2);
  expect(answered!.answer).toEqual({ phrase: "montebello", passages: ["1"] });
  expect(answered!.trail!.some((line) => line.startsWith("fact not kept"))).toBe(false);
  expect(asked).toEqual([expect.stringContaining("Who is Oliver Badman?")]);
  expect(open!.trail).toContain("no fact: passages alone");
});

test("documents without facts are refused where facts are to be given", async () => {
  const facts: Fact[] = [["Tom", "likes", "tea"]];
  expect(await givenFacts([{ id: "a", text: "x", facts }])).toEqual([facts]);
  await expect(givenFacts([{ id: "a", text: "x" }])).rejects.toMatchObject({ code: "DATA_INVALID" });
});

/** A server that answers every completion with the next of some texts. */
const replies: string[] = [];
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const body =
      request.url === "/v1/models"
        ? { data: [{ id: "m" }] }
        : {
            model: "m",
            choices: [{ text: replies.shift() ?? "", finish_reason: "stop" }],
            usage: { completion_tokens: 1 },
          };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
}).listen(0);
afterAll(() => server.close());
const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1?concurrency=1&retries=0#m`;

test("an endpoint extracts facts; lines that are none are left out; one that answers nonsense is an error", async () => {
  const extract = promptedFacts(await askEndpoint(address()));
  replies.push("Tom | lives in | Paris\nhm\na | b\n\nPassage: x\nq | r | s", "none");
  expect(await extract(documents.slice(0, 2))).toEqual([[["Tom", "lives in", "Paris"]], []]);
  replies.push("I am a teapot.");
  await expect(extract(documents.slice(0, 1))).rejects.toMatchObject({
    code: "ENDPOINT_FAILED",
    message: expect.stringContaining("I am a teapot"),
  });
  await expect(askEndpoint(null)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
