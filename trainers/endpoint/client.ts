import { BenchError } from "../../harness/contract/errors.js";
import type { Decoding, Generation } from "../../harness/contract/trainer.js";
import { sendRequest } from "../../harness/http.js";
import type { EndpointAddress } from "./address.js";

/** Speaks the OpenAI API with one server (https://platform.openai.com/docs/api-reference). */
export class EndpointClient {
  constructor(
    private readonly address: EndpointAddress,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  /**
   * The name of the model: the one that the address gives, if the server lists it, or the only one.
   *
   * @throws ENDPOINT_FAILED when the server does not answer as it should, MODEL_INVALID for an unknown name.
   */
  async findModel(): Promise<string> {
    const { root, model, policy } = this.address;
    const { value: names } = await sendRequest(
      `${root}/models`,
      { method: "GET", headers: this.headers() },
      policy,
      (text) => (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id),
    );
    if (model !== undefined ? names.includes(model) : names.length === 1) return model ?? names[0]!;
    throw new BenchError(
      "MODEL_INVALID",
      model === undefined ? `the server offers ${names.length} models` : `the server offers no model "${model}"`,
      { fix: `Name one of them behind #: ${names.slice(0, 10).join(", ") || "there is none"}.` },
    );
  }

  /** Answers to prompts, in their order; at most `concurrency` of them are under way at a time. */
  async complete(model: string, prompts: readonly string[], decoding: Decoding): Promise<Generation[]> {
    const answers = new Array<Generation>(prompts.length);
    const stop = new AbortController();
    let next = 0;
    const serve = async (): Promise<void> => {
      while (next < prompts.length && !stop.signal.aborted) {
        const index = next++;
        answers[index] = await this.ask(model, prompts[index]!, decoding, stop.signal);
      }
    };
    const servers = Array.from({ length: Math.min(this.address.concurrency, prompts.length) }, async () => {
      try {
        await serve();
      } catch (error) {
        stop.abort(); // The others would only wait for a server that has failed.
        throw error;
      }
    });
    const failure = (await Promise.allSettled(servers)).flatMap((ended) =>
      ended.status === "rejected" ? [ended.reason as BenchError] : [],
    );
    if (failure.length > 0) throw failure.find(({ code }) => code !== "CANCELLED") ?? failure[0]!;
    return answers;
  }

  private async ask(model: string, prompt: string, decoding: Decoding, signal: AbortSignal): Promise<Generation> {
    const { root, api, policy } = this.address;
    const { maxNewTokens, stop, temperature = 0, topP, seed } = decoding;
    const question = api === "chat" ? { messages: [{ role: "user", content: prompt }] } : { prompt };
    const body = JSON.stringify({ model, ...question, max_tokens: maxNewTokens, temperature, top_p: topP, stop, seed });
    const url = `${root}/${api === "chat" ? "chat/completions" : "completions"}`;
    const request = { method: "POST", headers: this.headers(), body } as const;
    return (await sendRequest(url, request, policy, (text) => readAnswer(text, model), signal)).value;
  }

  private headers(): Record<string, string> {
    const key = this.environment[this.address.keyVariable];
    return { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
  }
}

interface Completion {
  model?: unknown;
  choices?: { text?: unknown; message?: { content?: unknown }; finish_reason?: unknown; index?: unknown }[];
  usage?: { completion_tokens?: unknown };
}

/** The one answer in a completion. Throws where the text is anything else. */
function readAnswer(json: string, model: string): Generation {
  const { model: answered, choices, usage } = JSON.parse(json) as Completion;
  if (answered !== model) throw new Error(`it comes from the model ${JSON.stringify(answered)}, not "${model}"`);
  const [choice, ...more] = choices ?? [];
  if (choice === undefined || more.length > 0 || (choice.index ?? 0) !== 0) {
    throw new Error("it does not hold exactly one choice, with index 0");
  }
  const text = choice.text ?? choice.message?.content;
  if (typeof text !== "string") throw new Error("its choice has no text");
  const tokens = usage?.completion_tokens;
  if (!Number.isInteger(tokens) || (tokens as number) < 0) throw new Error("usage.completion_tokens is missing");
  if (choice.finish_reason !== "stop" && choice.finish_reason !== "length") {
    throw new Error(`it ended by ${JSON.stringify(choice.finish_reason)}`);
  }
  return {
    text: text.trim(),
    tokens: tokens as number,
    finishReason: choice.finish_reason === "length" ? "length" : "end",
  };
}
