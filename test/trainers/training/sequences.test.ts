import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Example, TaskDescription } from "../../../harness/contract/suite.js";
import { openTokenizer } from "../../../trainers/model/tokenizer/tokenizer.js";
import { SequenceEncoder, splitPrompt } from "../../../trainers/training/sequences.js";
import { endText, writeTinyModel } from "../model/tiny-model.js";

const task: TaskDescription = {
  id: "t",
  title: "T",
  language: "en",
  scorer: { name: "exact-match" },
  maxNewTokens: 8,
};
const example = (prompt: string, answer: string): Example => ({
  id: prompt,
  input: [{ type: "text", text: prompt }],
  references: [answer],
});

const filler = Array.from({ length: 80 }, (_, i) => `w${i}`).join(" ");

test("loss falls on the answer and the end token only", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  const { tokens, weights } = new SequenceEncoder(tokenizer, 64).sequence({ example: example("2 + 2 =", "4"), task });
  const answer = [...tokenizer.encode(" 4"), tokenizer.endToken];
  expect(tokens).toEqual([...tokenizer.encode("2 + 2 ="), ...answer]);
  expect(weights).toEqual([...tokenizer.encode("2 + 2 =").map(() => 0), ...answer.map(() => 1)]);
});

test("training, generation and scoring see the same prompt", () => {
  const encoder = new SequenceEncoder(openTokenizer(writeTinyModel()), 48);
  const long = example(`Summarize.\nText:\n${"word ".repeat(60)}\nSummary:`, "short");
  const { tokens, weights } = encoder.sequence({ example: long, task });
  expect(tokens.slice(0, weights.indexOf(1))).toEqual(encoder.prompt(long.input, task.maxNewTokens));
});

test("a long prompt loses the start of its body, never the instruction or the cue", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  const prompt = `Do it.\nText:\n${filler}\nCue:`;
  const text = tokenizer.decode(new SequenceEncoder(tokenizer, 100).prompt(example(prompt, "").input, 8));
  expect(text).toMatch(/^Do it\.\nText:\n.*w78 w79\nCue:$/s);
  expect(text).not.toContain("w0 ");
});

test.each([
  ["one line", `Who is asked for here? ${filler} Answer:`, "Who is asked for here?", "w79 Answer:"],
  ["one Chinese line", `请问这里找的是谁？${filler} 答：`, "请问这里找的是谁？", "w79 答："],
  ["a first line of over half of the room", `Who is it? ${filler}\nAnswer:`, "Who is it?", "w79\nAnswer:"],
  ["no sentence at all", `${filler} end`, "w0 w1", "w79 end"],
  [
    "the instruction last",
    `Text:\n${filler}\nWho is asked for?\nAnswer:`,
    "Text:\n",
    "w79\nWho is asked for?\nAnswer:",
  ],
])("too long a prompt keeps its instruction and its end: %s", (_, prompt, start, end) => {
  const tokenizer = openTokenizer(writeTinyModel());
  const encoder = new SequenceEncoder(tokenizer, 100);
  const { tokens, shortened } = encoder.encodePrompt(example(prompt, "").input, 8);
  expect(shortened).toBe(true);
  expect(tokens.length).toBeLessThanOrEqual(91);
  expect(tokens.length).toBeGreaterThan(85);
  const text = tokenizer.decode(tokens);
  expect(text.slice(0, start.length)).toBe(start);
  expect(text.slice(-end.length)).toBe(end);
});

test("shortened training prompts are counted once", () => {
  const encoder = new SequenceEncoder(openTokenizer(writeTinyModel()), 100);
  const items = [example(`Go. ${filler}`, "a"), example("short", "b")].map((given) => ({ example: given, task }));
  for (const item of [...items, ...items]) encoder.sequence(item);
  expect(encoder.shortenedSequences).toBe(1);
  expect(encoder.encodePrompt(items[1]!.example.input, 8).shortened).toBe(false);
});

test("no sequence is longer than the maximum, and the answer's room never takes more than half", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  const texts = fc.string({ maxLength: 200, unit: "grapheme" });
  fc.assert(
    fc.property(texts, texts, fc.integer({ min: 16, max: 64 }), fc.integer({ min: 1, max: 100 }), (...sample) => {
      const [prompt, answer, maximum, maxNewTokens] = sample;
      const encoder = new SequenceEncoder(tokenizer, maximum);
      const { tokens, weights } = encoder.sequence({
        example: example(prompt, answer),
        task: { ...task, maxNewTokens },
      });
      expect(tokens.length).toBe(weights.length);
      expect(tokens.length).toBeLessThanOrEqual(maximum);
      expect(weights.filter((weight) => weight === 1).length).toBeGreaterThan(0);
      const asked = encoder.prompt(example(prompt, "").input, encoder.answerLimit(maxNewTokens));
      expect(asked.length + encoder.answerLimit(maxNewTokens)).toBeLessThanOrEqual(maximum);
    }),
  );
});

test("prompts of the benchmark's tasks split into instruction, body and cue", () => {
  expect(splitPrompt("选择一项：A，B或者C。\n文本：\n很好。\n态度：")).toEqual({
    instruction: "选择一项：A，B或者C。\n文本：\n",
    body: "很好。\n",
    cue: "态度：",
  });
  expect(splitPrompt("Choose an answer.\n\nQuestion:\nWhy?\nA. x\nB. y\n\nAnswer:")).toEqual({
    instruction: "Choose an answer.\n\nQuestion:\n",
    body: "Why?\nA. x\nB. y\n",
    cue: "\nAnswer:",
  });
  expect(splitPrompt("<s> import os <EOL> def f ( x ) : <EOL>")).toEqual({
    instruction: "",
    body: "<s> import os <EOL> def f ( x ) : <EOL>",
    cue: "",
  });
});

test("the parts of any prompt make the prompt again", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a\n", "b:\n", "\n", "c", "：\n")).map((lines) => lines.join("")),
      (prompt) => {
        const { instruction, body, cue } = splitPrompt(prompt);
        expect(instruction + body + cue).toBe(prompt);
      },
    ),
  );
});

test("in a chat, prompts are framed by the model's template, and the answer follows as in the template", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  const frame = { before: "<user>", after: "\n<assistant>", separator: "" };
  expect(tokenizer.chat).toEqual(frame);
  const encoder = new SequenceEncoder(tokenizer, 64, true);
  const { tokens, weights } = encoder.sequence({ example: example("2 + 2 =", "4"), task });
  expect(tokenizer.decode(tokens)).toBe("<user>2 + 2 =\n<assistant>4");
  expect(tokenizer.decode(tokens.slice(weights.indexOf(1)))).toBe("4");
  const whole = tokenizer.encodeTemplate("<user>2 + 2 =\n<assistant>4");
  expect(tokens).toEqual([...whole, tokenizer.endToken]);
  const long = example("word ".repeat(200), "");
  const cut = encoder.encodePrompt(long.input, 8);
  expect(cut.shortened).toBe(true);
  expect(cut.tokens.length + 9).toBeLessThanOrEqual(64);
  expect(tokenizer.decode(cut.tokens)).toMatch(/^<user>word .*\n<assistant>$/);
});

test("without a template a chat is the plain prompt", () => {
  const tokenizer = { ...openTokenizer(writeTinyModel()), chat: null };
  const item = { example: example("2 + 2 =", "4"), task };
  expect(new SequenceEncoder(tokenizer, 64, true).sequence(item)).toEqual(
    new SequenceEncoder(tokenizer, 64).sequence(item),
  );
});

test("the template and the message are tokenized as one text, but a special token in the message stays text", () => {
  const plain = openTokenizer(writeTinyModel());
  const tokenizer = { ...plain, chat: { before: "Question: ", after: "\nAnswer:", separator: " " } };
  const encoder = new SequenceEncoder(tokenizer, 64, true);
  const { tokens } = encoder.sequence({ example: example("Where?", "Here"), task });
  expect(tokens).toEqual([...plain.encode("Question: Where?\nAnswer: Here"), plain.endToken]);
  expect(encoder.prompt(example(`a${endText}b`, "").input, 4)).not.toContain(plain.endToken);
});

describe("a prompt with images", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  const image = (name: string) => ({ type: "image", path: name, digest: name }) as const;
  const file = (name: string) => ({ path: name, digest: name });
  const text = (own: string) => ({ type: "text", text: own }) as const;
  const encoder = (maximum: number, chat = false) => new SequenceEncoder(tokenizer, maximum, chat, [263, 263, 263]);
  const [seen, tokens] = [[263, 263, 263], (own: string) => tokenizer.encode(own)];

  test("has their tokens where they are, and no loss on them", () => {
    const input = [text("Look: "), image("a"), image("b"), text("\nWhat is it?")];
    const {
      images,
      tokens: all,
      weights,
    } = encoder(64).sequence({ example: { id: "q", input, references: ["4"] }, task });
    const prompt = [...tokens("Look: "), ...seen, ...seen, ...tokens("\nWhat is it?")];
    expect(all).toEqual([...prompt, ...tokens(" 4"), tokenizer.endToken]);
    expect(weights.slice(0, prompt.length)).toEqual(prompt.map(() => 0));
    expect(images).toEqual([file("a"), file("b")]);
  });

  test("goes through the chat template as one message", () => {
    const { before, after } = tokenizer.chat!;
    const { tokens: all } = encoder(64, true).encodePrompt([image("a"), text("\nWhat?")], 4);
    const template = (own: string) => tokenizer.encodeTemplate(own);
    expect(all).toEqual([...template(before), ...seen, ...tokens("\nWhat?"), ...template(after)]);
  });

  test("that is too long keeps its images whole, before what is left of the text", () => {
    const input = [text("Do it.\nText:\n"), image("a"), text(`${filler}\nCue:`)];
    const { tokens: all, shortened, images } = encoder(32).encodePrompt(input, 7);
    expect(shortened).toBe(true);
    expect(all).toHaveLength(24);
    expect(all.slice(0, 3)).toEqual(seen);
    expect(all.slice(3)).not.toContain(263);
    expect(tokenizer.decode(all.slice(3))).toMatch(/^Do it.*Cue:$/s);
    expect(images).toEqual([file("a")]);
  });

  test("is refused where the images do not fit, or the model takes text alone", () => {
    const many = ["a", "b", "c", "d"].map(image);
    expect(() => encoder(16).encodePrompt(many, 7)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
    const blind = new SequenceEncoder(tokenizer, 64);
    expect(() => blind.encodePrompt(many, 7)).toThrow(expect.objectContaining({ code: "INPUT_UNSUPPORTED" }));
  });
});
