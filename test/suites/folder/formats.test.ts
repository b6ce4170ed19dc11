import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import type { BenchError } from "../../../harness/contract/errors.js";
import { inputText, type Suite } from "../../../harness/contract/suite.js";
import { loadFolder } from "./load-folder.js";
import { useWorkspace } from "./workspace.js";

const workspace = useWorkspace();
const fixtures = join(import.meta.dirname, "../../fixtures/parquet");

const load = (directory = "") => loadFolder(join(workspace.directory, directory));

/** What cannot be loaded, as one line. */
const refusal = async (directory = ""): Promise<string> =>
  load(directory).then(
    () => expect.fail("it should have been refused"),
    ({ message, at, fix }: BenchError) => `${message} | ${at?.line ?? "-"} | ${fix}`,
  );

interface Row {
  prompt: string;
  answer: string;
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const writers: Record<string, (rows: Row[]) => string | Uint8Array> = {
  "rows.json": (rows) => JSON.stringify(rows),
  "rows.jsonl": (rows) => rows.map((row) => JSON.stringify(row)).join("\n"),
  "lines.json": (rows) => `\ufeff${rows.map((row) => JSON.stringify(row)).join("\r\n")}\r\n`,
  "wrapped.json": (rows) => JSON.stringify({ version: 1, data: rows }, null, 2),
  "rows.csv": (rows) =>
    ["prompt,answer", ...rows.map(({ prompt, answer }) => `${quoted(prompt)},${quoted(answer)}`)].join("\n"),
  "semicolons.csv": (rows) =>
    ["id;answer;prompt", ...rows.map(({ prompt, answer }, i) => `${i};${quoted(answer)};${quoted(prompt)}`)].join("\n"),
  "rows.tsv": (rows) =>
    ["prompt\tanswer", ...rows.map(({ prompt, answer }) => `${quoted(prompt)}\t${quoted(answer)}`)].join("\n"),
  "rows.parquet": (rows) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: (["prompt", "answer"] as const).map((name) => ({
          name,
          data: rows.map((row) => row[name]),
          type: "STRING",
        })),
      }),
    ),
  "messages.jsonl": (rows) =>
    rows
      .map(({ prompt, answer }) => ({
        messages: [
          { role: "user", content: prompt },
          { role: "assistant", content: [{ type: "text", text: answer }] },
        ],
      }))
      .map((row) => JSON.stringify(row))
      .join("\n"),
  "sharegpt.json": (rows) =>
    JSON.stringify(
      rows.map(({ prompt, answer }) => ({
        conversations: [
          { from: "human", value: prompt },
          { from: "gpt", value: answer },
        ],
      })),
    ),
  "alpaca.json": (rows) =>
    JSON.stringify(rows.map(({ prompt, answer }) => ({ instruction: prompt, input: "", output: answer }))),
  "completion.jsonl": (rows) =>
    rows.map(({ prompt, answer }) => JSON.stringify({ prompt, completion: answer })).join("\n"),
};

const cell = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => text.replaceAll("\0", "0"))
  .filter((text) => text.trim() !== "" && text.isWellFormed());
const anyText = fc.oneof(
  cell,
  fc.constantFrom('a "quoted" word', "comma, comma", "line\nbreak", "tab\there", "'", "=1+1"),
);

test("the same rows in any format and form give the same suite, to the digest", async () => {
  const rowsOf = fc.array(fc.record({ prompt: anyText, answer: anyText }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(rowsOf, rowsOf, async (train, test) => {
      const suites: Record<string, unknown> = {};
      for (const [name, write] of Object.entries(writers)) {
        const extension = name.slice(name.indexOf("."));
        const directory = join(workspace.directory, name, "task");
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, `train${extension}`), write(train));
        writeFileSync(join(directory, `test${extension}`), write(test));
        const { digest, tasks } = await load(name);
        suites[name] = { digest, tasks };
      }
      for (const suite of Object.values(suites)) expect(suite).toEqual(suites["rows.json"]);
    }),
    { numRuns: 12 }, // some two hundred texts, in every format
  );
});

describe("Parquet as others write it", () => {
  const read = async (fixture: string) => {
    mkdirSync(join(workspace.directory, "t"), { recursive: true });
    for (const split of ["train", "test"]) {
      copyFileSync(join(fixtures, `${fixture}.parquet`), join(workspace.directory, `t/${split}.parquet`));
    }
    return load();
  };
  const items = ({ tasks }: Suite) =>
    tasks[0]!.test.map(({ input, references }) => [inputText(input), ...references] as string[]);

  test.each(["none", "snappy", "gzip", "brotli", "zstd", "lz4", "v2-plain"])(
    "%s, in several row groups",
    async (codec) => {
      expect(items(await read(codec))).toEqual(
        Array.from({ length: 7 }, (_, i) => [`Frage ${i}: schön, 中文 🙂?`, i === 3 ? "yes\nno" : `answer ${i}`]),
      );
    },
  );

  test("class labels of the datasets library become their names", async () => {
    const suite = await read("class-labels");
    expect(items(suite).slice(0, 2)).toEqual([
      ["text 0", "world"],
      ["text 1", "sports"],
    ]);
    expect(suite.notes).toContain('t: prompt from "text", answer from "label" (columns in suite.yaml says otherwise)');
  });

  test("nested messages, several answers and integers beyond 2^53 are read exactly", async () => {
    expect(items(await read("messages"))[1]).toEqual(["1 + 1?", "2"]);
    expect(items(await read("squad"))[0]).toEqual(["c 0\n\nq 0", "a 0", "A 0"]);
    expect(items(await read("large-integers"))[0]).toEqual(["1", "9007199254740993"]);
  });

  test.each([
    ["null", "row 2 has no answer: it is empty or null"],
    ["nan", 'row 2 has an "answer" that is NaN'],
    ["boolean", 'row 1 has an "answer" that is no text: true'],
  ])("%s is refused by its row", async (fixture, message) => {
    await expect(read(fixture)).rejects.toMatchObject({
      code: "DATA_INVALID",
      message,
    });
  });

  test("a file that is none, or is cut, is refused", async () => {
    workspace.write("t/train.parquet", "PAR1 not really PAR1");
    workspace.write("t/test.jsonl", '{"prompt": "p", "answer": "a"}');
    expect(await refusal()).toContain("cannot be read as Parquet");
  });
});

describe("what is not right is named, with a way out for that form", () => {
  const one = (file: string, content: string | Uint8Array) => {
    workspace.write(`t/${file}`, content);
    workspace.write("t/test.json", [{ prompt: "p", answer: "a" }]);
  };
  test.each<[string, string, string | Uint8Array, string, string]>([
    ["UTF-16", "train.json", Buffer.from('\ufeff[{"prompt": "p"}]', "utf16le"), "the file is UTF-16", "iconv"],
    ["UTF-16 without its mark", "train.csv", Buffer.from("prompt,answer", "utf16le"), "UTF-16 without", "UTF-8"],
    ["gzip", "train.jsonl", Buffer.from([0x1f, 0x8b, 8, 0]), "compressed by gzip", "gunzip"],
    ["Latin-1", "train.csv", Buffer.from("prompt,answer\nschön,a", "latin1"), "not UTF-8", "iconv"],
    ["Python's notation", "train.json", "[{'prompt': 'p', 'answer': 'a'}]", "not valid JSON", "json.dump"],
    ["NaN", "train.jsonl", '{"prompt": "p", "answer": NaN}', "not valid JSON", "write null"],
    [
      "half a line",
      "train.jsonl",
      '{"prompt": "p", "answer": "a"}\n{"prompt": "p",',
      "row 2 is not valid JSON",
      "Mend",
    ],
    ["a row too long", "train.csv", "prompt,answer\np,a\np,a,b", "row 2 has 3 fields, the header 2", "double quotes"],
    ["an open quote", "train.csv", 'prompt,answer\np,"a', "a quoted field of row 1 does not end", 'Close it with "'],
    ["a column twice", "train.csv", "prompt,prompt\np,a", 'two columns are called "prompt"', "its own name"],
    ["unknown columns", "train.csv", "frage,antwort\np,a", "not known: frage, antwort", 'prompt: "Question: {frage}'],
    [
      "choices",
      "train.jsonl",
      '{"question":"q","choices":["x"],"answer":0}',
      "not known: question, choices",
      "columns:",
    ],
    [
      "columns instead of rows",
      "train.json",
      '{"prompt": ["p"], "answer": ["a"]}',
      "contains columns",
      "orient='records'",
    ],
    ["splits in one file", "train.json", '{"train": [{"a": 1}], "test": [{"a": 1}]}', "several lists", "train.jsonl"],
    ["half a character", "train.json", '[{"prompt": "p\\ud83d", "answer": "a"}]', "half a character", "cut in two"],
    ["a boolean", "train.json", '[{"prompt": "p", "answer": true}]', "no text: true", 'labels: { true: "yes" }'],
    ["null", "train.json", '[{"prompt": "p", "answer": null}]', "no answer: it is empty or null", "remove the row"],
    ["a null prompt", "train.json", '[{"prompt": null, "answer": "a"}]', 'no "prompt": it is null', "Fill it"],
    ["a list of objects", "train.json", '[{"prompt": "p", "answer": [{"a": 1}]}]', 'no text: [{"a":1}]', "one text"],
    ["a prompt in a list", "train.json", '[{"prompt": ["p"], "answer": "a"}]', 'no text: ["p"]', "only answers"],
    [
      "digits that are lost",
      "train.json",
      '[{"prompt": "p", "answer": 12345678901234567890}]',
      "too large",
      "in quotes",
    ],
    ["1e-9", "train.json", '[{"prompt": "p", "answer": 1e-9}]', "uncertain digits: 1e-9", "as text"],
    [
      "no answer at the end",
      "train.jsonl",
      '{"messages":[{"role":"user","content":"q"}]}',
      "end with an answer",
      "End it",
    ],
    [
      "a tool",
      "train.jsonl",
      '{"messages":[{"role":"tool","content":"q"}]}',
      'not known: "tool"',
      "leave such rows out",
    ],
    [
      "an image",
      "train.jsonl",
      '{"messages":[{"role":"user","content":[{"type":"image"}]}]}',
      'type "image"',
      "only text",
    ],
    ["a history", "train.json", '[{"instruction":"i","output":"o","history":[["a","b"]]}]', "history", '"messages"'],
    ["a list of lists", "train.jsonl", '["p", "a"]\n["p", "a"]', "the end of the file", "Mend"],
  ])("%s", async (_, file, content, message, fix) => {
    one(file, content);
    const [said, , way] = (await refusal()).split(" | ");
    expect(said).toContain(message);
    expect(way).toContain(fix);
  });

  test("rows over several lines keep their line", async () => {
    one("train.csv", 'prompt,answer\n"two\nlines",a\n\nq,\n');
    expect(await refusal()).toMatch(/^row 2 has no answer.* \| 5 \|/);
    one("train.json", '{"Definition": ["d"],\n "Instances": [\n  {"input": "i", "output": ["o"]},\n  {"input": "i"}]}');
    workspace.write("t/train.csv", "");
    expect(await refusal()).toMatch(/^row 2 has no .* \| 4 \|/);
  });
});
