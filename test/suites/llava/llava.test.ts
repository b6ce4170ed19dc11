import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import type { Suite } from "../../../harness/contract/suite.js";
import { llava } from "../../../suites/llava/index.js";
import { newDirectory } from "../../files.js";

const fixtures = join(import.meta.dirname, "../../fixtures/images");
const load = (location: string, options: Record<string, unknown> = {}): Promise<Suite> =>
  llava.load({ location, options: checkOptions(llava.options, options, "llava") as never, quick: false });

let directory: string;
beforeEach(() => {
  directory = newDirectory();
});

/** Puts an image of the fixtures into the data. */
function put(path: string, name = "rgb-50x40.png"): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  copyFileSync(join(fixtures, name), join(directory, path));
}

const turn = (question: string, answer = "a cat") => [
  { from: "human", value: question },
  { from: "gpt", value: answer },
];

function write(task: string, train: object[], test = train): void {
  mkdirSync(join(directory, task), { recursive: true });
  writeFileSync(join(directory, task, "train.json"), JSON.stringify(train));
  writeFileSync(join(directory, task, "test.json"), JSON.stringify(test));
}

const seen = (name: string, digest?: string) => ({
  type: "image",
  path: expect.stringMatching(new RegExp(`${name}$`)),
  digest: digest ?? expect.stringMatching(/^[0-9a-f]{64}$/),
});

describe("a directory in LLaVA's form", () => {
  test("has images where the placeholder is, before the text where there is none, and rows without", async () => {
    put("images/a/1.png");
    put("images/2.jpg", "rgb-75x126.jpg");
    write("pets", [
      { id: "1", image: "a/1.png", conversations: turn("<image>\nWhat is it?") },
      { id: "2", image: "./2.jpg", conversations: turn("What is it?", "a dog") },
      { id: "3", image: ["a/1.png", "2.jpg"], conversations: turn("First <image> or <image>?", "first") },
      { id: "4", conversations: turn("What is a cat?", "an animal") },
      { image: null, conversations: turn("What is a dog?", "an animal") },
    ]);
    write("shapes", [
      { question_id: 7, image: "2.jpg", text: "How many?", answer: "3" },
      { image: "2.jpg", text: "And now?", answer: "4" },
    ]);
    const { tasks, name } = await load(directory);
    expect([name, ...tasks.map(({ id }) => id)]).toEqual(["llava", "pets", "shapes"]);
    expect(tasks[0]!.test.map(({ input }) => input)).toEqual([
      [seen("images/a/1.png"), { type: "text", text: "\nWhat is it?" }],
      [seen("images/2.jpg"), { type: "text", text: "\nWhat is it?" }],
      [
        { type: "text", text: "First " },
        seen("1.png"),
        { type: "text", text: " or " },
        seen("2.jpg"),
        { type: "text", text: "?" },
      ],
      [{ type: "text", text: "What is a cat?" }],
      [{ type: "text", text: "What is a dog?" }],
    ]);
    expect(tasks[0]!.test.map(({ references }) => references[0])).toEqual([
      "a cat",
      "a dog",
      "first",
      "an animal",
      "an animal",
    ]);
    expect(tasks[1]!.test[0]!.input).toEqual([seen("2.jpg"), { type: "text", text: "\nHow many?" }]);
  });

  test("has another digest with other images, also where their names are the same", async () => {
    put("1.png");
    write("t", [
      { image: "1.png", conversations: turn("What?") },
      { image: "1.png", conversations: turn("Why?") },
    ]);
    const before = (await load(directory)).digest;
    expect((await load(directory)).digest).toBe(before);
    put("1.png", "rgba-56x56.png");
    expect((await load(directory)).digest).not.toBe(before);
  });

  test("reads images of another directory, and divides a file without splits by prompt and image", async () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({
      image: `${i}.png`,
      conversations: turn("<image>\nWhat is it?"),
    }));
    for (const { image } of rows) put(`elsewhere/${image}`);
    mkdirSync(join(directory, "data"));
    writeFileSync(join(directory, "data", "mix.json"), JSON.stringify(rows));
    const { tasks } = await load(join(directory, "data"), { images: join(directory, "elsewhere") });
    expect(tasks[0]!.test).toHaveLength(2);
    expect(tasks[0]!.train.length + tasks[0]!.validation.length).toBe(8);
    await expect(load(join(directory, "data"), { images: join(directory, "nowhere") })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});

describe("an image is refused with its row", () => {
  const refusal = async (row: object) => {
    const good = { image: "1.png", conversations: turn("<image>What?") };
    put("images/1.png");
    put("outside.png");
    writeFileSync(join(directory, "images", "text.png"), "no image");
    write("t", [good, { conversations: turn("<image>What?"), ...row }]);
    return load(directory);
  };

  test.each<[string, object, string]>([
    ["above the directory", { image: "../outside.png" }, "row 2 names an image outside of"],
    ["by an absolute path", { image: "/etc/passwd" }, "row 2 names an image outside of"],
    ["by a path with a backslash", { image: "..\\outside.png" }, "row 2 names an image outside of"],
    ["that is missing", { image: "2.png" }, "row 2 names an image that cannot be read: 2.png"],
    ["that is a directory", { image: "." }, "row 2 names an image outside of"],
    ["that is no path", { image: 7 }, "row 2 has an image that is no path: 7"],
    ["of which there are too few", {}, "row 2 names 0 images and has 1 <image> in its prompt"],
    ["of which there are too many", { image: ["1.png", "1.png"] }, "row 2 names 2 images and has 1 <image>"],
  ])("%s", async (_, row, problem) => {
    await expect(refusal(row)).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringContaining(problem),
      at: { file: join(directory, "t", "train.json") },
    });
  });

  test("that is no image", async () => {
    await expect(refusal({ image: "text.png" })).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: "The file is no JPEG, PNG or WebP image.",
      at: { file: join(directory, "images", "text.png") },
    });
  });
});
