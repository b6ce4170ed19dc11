import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readChatFrame } from "../../../trainers/model/tokenizer/chat-template.js";
import { temporaryDirectory } from "./tiny-model.js";

const variables = { bos_token: "<s>", eos_token: "</s>" };
const frame = (template: unknown) => readChatFrame(temporaryDirectory(), { chat_template: template }, variables);

// The forms that these families publish, shortened.
const chatml =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const llama2 =
  "{% for message in messages %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + message['content'] | trim + ' [/INST]' }}{% else %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}";
const dated = `{{ strftime_now("%d %b %Y") }}{% for message in messages %}{{ message.content }}{% endfor %}:`;

test("the frame is what the template puts around a message, up to where the answer begins", () => {
  expect(frame(chatml)).toEqual({
    before: "<|im_start|>user\n",
    after: "<|im_end|>\n<|im_start|>assistant\n",
    separator: "",
  });
  expect(frame(llama2)).toEqual({ before: "<s>[INST] ", after: " [/INST]", separator: " " });
});

test("a date in a template is always the same", () => {
  expect(frame(dated)).toEqual({ before: "26 Jul 2024", after: ":", separator: " " });
});

test("the default of several templates counts, and a file goes before the configuration", () => {
  const listed = [
    { name: "tool_use", template: "x" },
    { name: "default", template: chatml },
  ];
  expect(frame(listed)?.before).toBe("<|im_start|>user\n");
  expect([frame(undefined), frame([]), frame(7)]).toEqual([null, null, null]);
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "chat_template.json"), JSON.stringify({ chat_template: chatml }));
  expect(readChatFrame(directory, { chat_template: "none" }, variables)?.before).toBe("<|im_start|>user\n");
  writeFileSync(join(directory, "chat_template.jinja"), "Q: {{ messages[0].content }} A:");
  expect(readChatFrame(directory, { chat_template: chatml }, variables)).toEqual({
    before: "Q: ",
    after: " A:",
    separator: " ",
  });
});

test.each([
  ["{% for %}", /cannot be rendered/],
  ["{{ raise_exception('no') }}", /cannot be rendered/],
  ["nothing of it", /does not hold the message once/],
  ["{{ messages[0].content }}{{ messages[0].content }}", /does not hold the message once/],
  ["{{ messages[0].content | upper }}", /does not hold the message once/],
])("%j is refused with its file", (template, message) => {
  expect(() => frame(template)).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      message: expect.stringMatching(message),
      at: { file: expect.stringContaining("tokenizer_config.json") },
    }),
  );
});
