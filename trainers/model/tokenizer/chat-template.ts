import { existsSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { BenchError } from "../../../harness/contract/errors.js";
import { readJsonFile, readModelFile } from "../json-file.js";
import { boundedCall } from "./bounded-call.js";

/** What a model's chat template puts around the message of a user, up to where the assistant's answer begins. */
export interface ChatFrame {
  before: string;
  after: string;
  /** What the template puts between that and the answer; a space where it does not show it and none is there. */
  separator: string;
}

/** Placeholders of a message and its answer while the template is rendered. */
const [marker, answerMarker] = ["bench:message:5f1d", "bench:answer:5f1d"];

/** Of rendering one message. */
const longestMilliseconds = 1000;

/** Templates that show the date get this one, so that prompts do not change from day to day. */
const date = "26 Jul 2024";

/**
 * The frame of the template in chat_template.jinja, or else in chat_template.json (of older processors), or else in
 * tokenizer_config.json (one text, or a list of which "default" counts); null where there is none.
 *
 * @param variables texts that the template may use, such as bos_token.
 * @throws MODEL_INVALID where the template cannot be rendered, or changes the message that it is given.
 */
export function readChatFrame(
  directory: string,
  config: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, string>>,
): ChatFrame | null {
  const { file, written } = findTemplate(directory, config);
  const source = Array.isArray(written) ? written.find((entry) => entry?.name === "default")?.template : written;
  if (typeof source !== "string") return null;
  const invalid = (what: string, cause?: unknown) =>
    new BenchError("MODEL_INVALID", `The chat template ${what}.`, {
      at: { file },
      cause,
      fix: "Correct the template, or remove it to ask the model without one.",
    });
  let template: Template;
  const render = (messages: readonly object[], prompted: boolean): string =>
    boundedCall(longestMilliseconds, () =>
      template.render({ ...variables, messages, add_generation_prompt: prompted }),
    );
  let question: object = { role: "user", content: marker };
  let rendered: string;
  try {
    template = new Template(source.replace(/strftime_now\([^)]*\)/g, JSON.stringify(date)));
    rendered = render([question], true);
  } catch (cause) {
    throw invalid(`cannot be rendered: ${(cause as Error).message}`, cause);
  }
  if (!rendered.includes(marker)) {
    const inParts = { role: "user", content: [{ type: "text", text: marker }] };
    try {
      rendered = render([inParts], true);
      question = inParts;
    } catch {} // only templates for images take a message in parts
  }
  const [before, after, ...more] = rendered.split(marker);
  if (before === undefined || after === undefined || more.length > 0) {
    throw invalid("does not hold the message once, as it was given");
  }
  return { before, after, separator: separatorOf(rendered, () => render([question, answered], false)) };
}

/** What the first of the files that have it says of the template. */
function findTemplate(
  directory: string,
  config: Readonly<Record<string, unknown>>,
): { file: string; written: unknown } {
  const own = join(directory, "chat_template.jinja");
  if (existsSync(own)) return { file: own, written: readModelFile(own).toString("utf8") };
  const older = join(directory, "chat_template.json");
  if (existsSync(older)) return { file: older, written: readJsonFile(older).chat_template };
  return { file: join(directory, "tokenizer_config.json"), written: config.chat_template };
}

const answered = { role: "assistant", content: answerMarker };

function separatorOf(prompt: string, renderBoth: () => string): string {
  let both = "";
  try {
    both = renderBoth();
  } catch {} // some templates take no assistant's message at the end
  const shown = both.startsWith(prompt) ? both.slice(prompt.length).split(answerMarker)[0]! : undefined;
  if (shown !== undefined && /^\s*$/.test(shown) && both.includes(answerMarker)) return shown;
  return /\s$/.test(prompt) ? "" : " ";
}
