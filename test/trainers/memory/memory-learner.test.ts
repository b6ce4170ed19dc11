import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { plugin } from "../../../trainers/index.js";
import { newDirectory } from "../../files.js";
import { byName, contextFor, expectSameBits, learnAll, learnContext } from "../methods/rig.js";
import { corpusTask } from "./world.js";

const memories = ["bm25", "dense", "hipporag", "rank-fusion"].map((name) => byName(plugin.trainers!, name));
const tasks = [
  corpusTask("one", {
    add: [
      { id: "tom", text: "Tom lives in Paris." },
      { id: "ben", text: "Ben works in Rome." },
      { id: "长", title: "北京", text: "王明住在北京。" },
    ],
  }),
  corpusTask("two", { change: [{ id: "tom", text: "Tom lives in Oslo." }], retract: ["ben"] }),
];
const ask = (text: string) => [{ id: "1", input: [{ type: "text" as const, text: `Question: ${text}\nAnswer:` }] }];

test.each(memories.map((trainer) => [trainer.name, trainer] as const))(
  "%s: saved and restored after every task, it ends with the same bits",
  (_, trainer) => expectSameBits(trainer, {}),
);

test.each(memories.map((trainer) => [trainer.name, trainer] as const))(
  "%s: what is changed is read, what is retracted is gone; it trains nothing; documents are metered",
  async (_, trainer) => {
    const { learner, reports, buffer } = await learnAll(trainer, { passages: 2 }, { tasks });
    expect(reports.map(({ notes }) => notes)).toEqual([
      { documents: 3, added: 3, changed: 0, retracted: 0 },
      { documents: 2, added: 0, changed: 1, retracted: 1 },
    ]);
    const [answer] = await learner.generate(ask("Where does Tom live? Ben"), { maxNewTokens: 3 });
    const evidence = answer!.evidence!.join("\n");
    expect(evidence).toContain("Tom lives in Oslo.");
    expect(evidence).not.toContain("Paris");
    expect(evidence).not.toContain("Ben");
    expect(await learner.cost()).toMatchObject({ trainedTokens: 0, trainableParameters: 0 });
    expect(buffer.samples).toBe(2);
    expect(JSON.stringify(buffer.items())).not.toContain("Rome");
    const directory = newDirectory();
    await learner.save(directory);
    for (const name of readdirSync(directory))
      expect(readFileSync(join(directory, name), "utf8")).not.toContain("Rome");
  },
);

test("tasks without documents: their training items are remembered, and read before like questions", async () => {
  const { learner } = await learnAll(byName(plugin.trainers!, "bm25"), { passages: 1 });
  const [answer] = await learner.generate([{ id: "1", input: [{ type: "text", text: "a: sun moon\nAnswer:" }] }], {
    maxNewTokens: 2,
  });
  expect(answer!.evidence).toHaveLength(1);
  expect(answer!.evidence![0]).toMatch(/^passage [abc]: [abc]\/train\/\d+ /);
});

test("a passage beyond the context is cut, further ones are said not to be read", async () => {
  const long = Array.from({ length: 4000 }, (_, index) => `Tom${index}`).join(" ");
  const task = corpusTask("one", {
    add: [
      { id: "long", text: `Tom ${long}` },
      { id: "short", text: "Tom is here." },
    ],
  });
  const { learner } = await learnAll(byName(plugin.trainers!, "bm25"), {}, { tasks: [task] });
  const [answer] = await learner.generate(ask("Tom Tom7"), { maxNewTokens: 3 });
  expect(answer!.evidence!.map((line) => line.split(" (")[0])).toEqual(["passage long", "not read short"]);
  expect(answer!.shortened).toBeUndefined();
});

test("more documents than declared end with an error", async () => {
  await expect(learnAll(byName(plugin.trainers!, "bm25"), { capacity: 2 }, { tasks })).rejects.toMatchObject({
    code: "PRIVILEGE_EXCEEDED",
  });
});

test("the privilege is the capacity", () => {
  for (const trainer of memories) {
    const options = checkOptions(trainer.options, { capacity: 7 }, trainer.name);
    expect(trainer.needs(options)).toMatchObject({ pastData: { buffer: 7 }, taskIdAtTest: false });
  }
});

const damages: [string, (directory: string) => void][] = [
  ["a file that was cut", (directory) => truncateSync(join(directory, "documents.json"), 20)],
  ["a file that is gone", (directory) => rmSync(join(directory, "embeddings.safetensors"))],
  ["no list of files", (directory) => rmSync(join(directory, "memory.json"))],
  ["a list that cannot be read", (directory) => writeFileSync(join(directory, "memory.json"), '{"schema')],
  [
    "a list that leads elsewhere",
    (directory) => writeFileSync(join(directory, "memory.json"), '{"schema":"memory@1","files":{"../../secret":"00"}}'),
  ],
];

test.each(damages)("a torn memory is detected: %s", async (_, damage) => {
  const trainer = byName(plugin.trainers!, "dense");
  const { learner } = await learnAll(trainer, {}, { tasks });
  const directory = newDirectory();
  await learner.save(directory);
  damage(directory);
  const next = await trainer.create(contextFor(trainer, {}, 1, tasks));
  await expect(next.restore(directory)).rejects.toMatchObject({ code: "DATA_INVALID" });
  await expect(
    next.learn(
      { index: 0, tasks: [tasks[0]!], pastValidation: [], generalItems: [] },
      learnContext({ capacity: 9, items: () => [], set: () => {} }),
    ),
  ).resolves.toBeDefined();
});
