import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { suiteLabel, type Task } from "../../../harness/contract/suite.js";
import { scorers } from "../../../harness/score/index.js";
import { trace } from "../../../suites/trace/index.js";
import { traceTasks } from "../../../suites/trace/tasks.js";
import { useWorkspace } from "../folder/workspace.js";

const workspace = useWorkspace();

const load = (options = {}) =>
  trace.load({ location: workspace.directory, options: checkOptions(trace.options, options, "trace"), quick: false });

const failure = () =>
  load().then(
    () => expect.fail("it should have failed"),
    (thrown) => thrown,
  );

/** A row in the form of each task of the archive, and answers that deserve 1 and 0 under lenient scoring. */
const samples: Record<string, { body: string; answer: string; right: string; wrong: string }> = {
  "C-STANCE": { body: "\n公园很好。对象：公园\n", answer: "A", right: "A", wrong: "B" },
  FOMC: { body: "\nRates may rise.\n", answer: "B", right: "B", wrong: "B. hawkish" },
  MeetingBank: { body: "\nThe council met.\n", answer: "The council met.", right: "the council met", wrong: "no" },
  Py150: { body: "x = <STR_LIT:a> <EOL>", answer: "print ( <STR_LIT:a> )", right: "print ( a )", wrong: "" },
  ScienceQA: {
    body: "\n\nWhich is a metal? A. iron B. wood\n\n",
    answer: "A\nBecause iron is.",
    right: "A",
    wrong: "B",
  },
  "NumGLUE-cm": { body: "\n2 + 3?\n", answer: "5", right: "5", wrong: "6" },
  "NumGLUE-ds": { body: "\n2 * 3?\n", answer: "6", right: "6", wrong: "six" },
  "20Minuten": {
    body: "\n\nDer grosse Hund bellt.\n\n",
    answer: "Der Hund bellt.",
    right: "Der Hund bellt.",
    wrong: "",
  },
};

function writeArchive(prefix = ""): void {
  for (const { id, prefix: instruction, cue } of traceTasks) {
    const { body, answer } = samples[id]!;
    const rows = [
      { prompt: `${instruction}${body}${cue}`, answer },
      { prompt: `${instruction}${body}${cue}`, answer: "" },
    ];
    for (const split of ["train", "eval", "test"]) workspace.write(`${prefix}${id}/${split}.json`, rows);
  }
}

test("the eight tasks with their metrics, limits and both orders; rows without an answer are left out and counted", async () => {
  writeArchive();
  const suite = await load({ scoring: "lenient" });
  expect(suite.tasks.map(({ maxNewTokens }) => maxNewTokens)).toEqual([3, 3, 256, 16, 128, 8, 8, 256]);
  expect(suite.orders.map(({ name, tasks }) => [name, tasks[0], tasks.at(-1), tasks.toSorted().join()])).toEqual([
    ["trace-1", "C-STANCE", "20Minuten", Object.keys(samples).sort().join()],
    ["trace-2", "NumGLUE-cm", "ScienceQA", Object.keys(samples).sort().join()],
  ]);
  expect(suite.notes).toHaveLength(24);
  expect(suite.notes![0]).toContain("left out: 1");
  for (const { id, scorer: reference, test } of suite.tasks) {
    const scorer = scorers.find(({ name }) => name === reference.name)!;
    const options = checkOptions(scorer.options, reference.options ?? {}, id);
    const { right, wrong } = samples[id]!;
    expect(scorer.score(test[0]!, right, options).score, id).toBe(1);
    expect(scorer.score(test[0]!, wrong, options).score, id).toBeLessThan(0.5);
  }
});

/** What a task makes of an answer to a reference, by its own scorer and by the other way of scoring. */
function scoresOf({ scorer, alsoScored, test: [example] }: Task, output: string, references = example!.references) {
  return [scorer, ...Object.values(alsoScored!)].map(({ name, options = {} }) => {
    const { score } = scorers.find((known) => known.name === name)!.score({ ...example!, references }, output, options);
    return Math.round(score * 1e6) / 1e6;
  });
}

test("scored as published: raw texts, the packages that TRACE uses, 512 new tokens", async () => {
  writeArchive();
  const suite = await load();
  expect(suite.scoring).toBe("published");
  expect(suite.published).toBeDefined();
  expect(new Set(suite.tasks.map(({ maxNewTokens }) => maxNewTokens))).toEqual(new Set([512]));
  const task = (id: string) => suite.tasks.find((each) => each.id === id)!;
  for (const { id, alsoScored } of suite.tasks) {
    expect(Object.keys(alsoScored!)).toEqual(["lenient"]);
    if (id === "MeetingBank" || id === "20Minuten") continue;
    const { answer } = samples[id]!;
    expect(scoresOf(task(id), answer), id).toEqual([1, 1]);
    expect(scoresOf(task(id), "")[0], id).toBe(0);
  }
  for (const id of ["C-STANCE", "FOMC"]) expect(scoresOf(task(id), "A\n\n", ["A"]), id).toEqual([0, 1]);
  for (const id of ["NumGLUE-cm", "NumGLUE-ds"]) expect(scoresOf(task(id), "18.0", ["18"]), id).toEqual([0, 1]);
  expect(scoresOf(task("ScienceQA"), " A")).toEqual([0, 1]);
  const council = "the council approved the budget";
  expect(scoresOf(task("MeetingBank"), Array(3).fill(council).join(" "), [council])).toEqual([1, 0.5]);
  expect(scoresOf(task("MeetingBank"), Array(4).fill(council).join(" "), [council])).toEqual([1, 0.4]);
  const [first, second] = ["the council met today", "the budget passed there"];
  expect(scoresOf(task("MeetingBank"), `${second}. ${first}`, [`${first}. ${second}`])).toEqual([1, 0.5]);
  expect(scoresOf(task("MeetingBank"), "The Council", ["the council"])).toEqual([0, 1]);
  expect(scoresOf(task("Py150"), "abxcd", ["abcdy"])).toEqual([0.8, 0.8]);
  expect(scoresOf(task("Py150"), "x  ", ["x"])).toEqual([0.5, 1]);
});

test("SARI as published compares with the whole prompt, leniently with the paragraph alone", async () => {
  writeArchive();
  const task = (await load()).tasks.at(-1)!;
  expect(task.test[0]!.source).toBe("Der grosse Hund bellt.");
  const [published, lenient] = scoresOf(task, "Der grosse Hund bellt.");
  const sari = scorers.find(({ name }) => name === "sari")!;
  const { source, ...whole } = task.test[0]!;
  expect(published).toBeCloseTo(sari.score(whole, source!, {}).score, 5);
  expect(published).not.toBe(lenient);
});

test("published figures come with published scoring alone, and the ways of scoring are different suites", async () => {
  writeArchive();
  const [published, lenient] = [await load(), await load({ scoring: "lenient" })];
  expect(lenient.published).toBeUndefined();
  expect(lenient.scoring).toBe("lenient");
  expect(lenient.tasks.every(({ alsoScored }) => Object.keys(alsoScored!)[0] === "published")).toBe(true);
  expect(published.digest).not.toBe(lenient.digest);
  expect(suiteLabel(published)).toBe("trace 2, published scoring");
});

test("rows without an answer are an error when asked for", async () => {
  writeArchive();
  await expect(load({ emptyAnswers: "error" })).rejects.toMatchObject({ code: "DATA_INVALID", at: { line: 6 } });
});

test("missing tasks are named, with what is there; a folder inside that contains them is pointed out", async () => {
  workspace.write("FOMC/train.json", []);
  const error = await failure();
  expect(error.code).toBe("DATA_INVALID");
  expect(error.message).toContain("7 of the 8 tasks");
  expect(error.message).toContain("C-STANCE");
  expect(error.message).toContain("it contains FOMC");
  writeArchive("LLM-CL-Benchmark_5000/");
  expect((await failure()).fix).toContain("LLM-CL-Benchmark_5000");
});

test("without a path it says where one comes from", async () => {
  await expect(trace.load({ options: {}, quick: false })).rejects.toMatchObject({ code: "USAGE" });
});
