import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServingModels } from "../../../harness/app/serve-models.js";
import { embeddedModel } from "../../files.js";
import { python, skipped } from "../../trainers/engine/torch/python.js";
import { bench } from "../cli/support.js";
import { serve } from "./support.js";

const chat = (content: string) => [{ role: "user" as const, content }];
const capital = {
  model: "support",
  messages: chat("Question: What is the capital of France?\nAnswer:"),
  temperature: 0,
};
/** The processes of the engine. */
const computing = (): string[] =>
  spawnSync("pgrep", ["-P", String(process.pid), "-f", "bench_torch"], { encoding: "utf8" }).stdout.split("\n");

/** At this temperature the model writes anything, and hardly ever ends by itself. */
const wild = { model: "support", messages: chat("Explain"), temperature: 2, seed: 3, max_tokens: 60 };

describe.skipIf(skipped)("a version that PyTorch computes, asked by OpenAI's client", () => {
  let serving: ServingModels;
  let client: OpenAI;
  let own: number;

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), "serve-torch-"));
    await bench(["registry", "add", "support", embeddedModel], home);
    await bench(["registry", "alias", "support@1", "champion"], home);
    const others = computing();
    serving = await serve(join(home, "registry"), ["support"], { engine: "torch", python: python!, threads: 1 });
    own = Number(computing().find((pid) => !others.includes(pid)));
    client = new OpenAI({ baseURL: `${serving.address}/v1`, apiKey: "none", maxRetries: 0 });
  });

  afterAll(() => serving.server.close());

  const answer = async (asked: object) => {
    const { choices, usage } = await client.chat.completions.create(asked as typeof capital);
    return { text: choices[0]!.message.content!, usage: usage! };
  };

  it("streams token by token, and answers others meanwhile", async () => {
    const whole = await answer(wild);
    const stream = await client.chat.completions.create({
      ...wild,
      stream: true,
      stream_options: { include_usage: true },
    });
    const parts: string[] = [];
    let meanwhile: Promise<string> | undefined;
    let answeredAt = Number.POSITIVE_INFINITY;
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) parts.push(chunk.choices[0].delta.content);
      usage = chunk.usage ?? usage;
      meanwhile ??= answer({ ...capital, max_tokens: 4 }).then(({ text }) => {
        answeredAt = parts.length;
        return text;
      });
    }
    expect(parts.join("")).toBe(whole.text);
    expect(parts.length).toBeGreaterThan(10);
    expect(usage).toEqual(whole.usage);
    expect(await meanwhile).toBe("Paris");
    expect(answeredAt).toBeLessThan(parts.length);
  });

  it("keeps what prompts that begin alike have in common", async () => {
    const long = "a river and its city, ".repeat(12);
    const cachedOf = async (end: string) =>
      (await answer({ ...capital, messages: chat(long + end), max_tokens: 2 })).usage.prompt_tokens_details!
        .cached_tokens;
    const cached = [await cachedOf("one"), await cachedOf("two")];
    expect(cached[0]).toBe(0);
    expect(cached[1]).toBeGreaterThanOrEqual(64);
  });

  it("ends the answer of a client that leaves in the middle, and goes on with the others", async () => {
    const endless = { ...wild, max_tokens: 470, stream: true as const };
    const [left, stays] = [await client.chat.completions.create(endless), answer(wild)];
    for await (const chunk of left) if (chunk.choices[0]?.delta.content) break; // closes the connection
    expect((await stays).text).toBe((await answer(wild)).text);
    const { text } = await answer({ ...capital, max_tokens: 4 });
    expect(text).toBe("Paris");
  });

  it("fails cleanly where the process that computes is killed in the middle of answers; the next call is answered", async () => {
    const expected = await answer(wild);
    const stream = await client.chat.completions.create({ ...wild, max_tokens: 470, stream: true });
    const other = answer({ ...wild, max_tokens: 470 });
    const failed = expect(other).rejects.toMatchObject({ status: 500, code: "model_failed" });
    const streamed = async () => {
      let written = "";
      for await (const chunk of stream) {
        const part = chunk.choices[0]?.delta.content ?? "";
        if (written === "" && part !== "") process.kill(own, "SIGKILL");
        written += part;
      }
    };
    await expect(streamed()).rejects.toThrow(/the model failed to answer/);
    await failed;
    expect((await answer(wild)).text).toBe(expected.text);
  });
});
