import { BenchError } from "../../harness/contract/errors.js";
import type { Decoding, Generation } from "../../harness/contract/trainer.js";
import { sendRequest } from "../../harness/http/request.js";
import type { EndpointAddress } from "./address.js";

/** Speaks the OpenAI API with one server (https://platform.openai.com/docs/api-reference). */
export class EndpointClient {
  /** How the server wants the limit of an answer to be called: newer models of OpenAI refuse the older name. */
  private limitName: "max_tokens" | "max_completion_tokens" = "max_tokens";

  constructor(
    private readonly address: EndpointAddress,
    private readonly environment: NodeJS.ProcessEnv = process.env,
  ) {}

  /**
   * The name of the model: the one that the address gives, if the server lists it or has no list, or the only one.
   *
   * @throws ENDPOINT_FAILED when the server does not answer as it should, MODEL_INVALID for an unknown name.
   */
  async findModel(): Promise<string> {
    const { model } = this.address;
    const names = await this.listModels();
    if (names === undefined) {
      if (model !== undefined) return model;
      throw new BenchError("MODEL_INVALID", "the server lists no models", {
        fix: "Name the model behind # of the address, or by --served-model.",
      });
    }
    if (model !== undefined ? names.includes(model) : names.length === 1) return model ?? names[0]!;
    throw new BenchError(
      "MODEL_INVALID",
      model === undefined ? `the server offers ${names.length} models` : `the server offers no model "${model}"`,
      { fix: `Name one of them behind #: ${names.slice(0, 10).join(", ") || "there is none"}.` },
    );
  }

  /** The names that the server lists; undefined where it has no such list. */
  private async listModels(): Promise<string[] | undefined> {
    const request = { method: "GET", headers: this.headers() } as const;
    try {
      const list = (text: string) => (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id);
      return (await sendRequest(`${this.address.root}/models`, request, this.address.policy, list)).value;
    } catch (error) {
      if ([404, 405, 501].includes(statusOf(error) ?? 0)) return undefined;
      throw error;
    }
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
    const url = `${root}/${api === "chat" ? "chat/completions" : "completions"}`;
    const read = (text: string) => readAnswer(text, model, this.address);
    const send = () => {
      const request = { method: "POST", headers: this.headers(), body: this.body(model, prompt, decoding) } as const;
      return sendRequest(url, request, policy, read, signal, (error): Generation => {
        if (error instanceof BenchError) throw error;
        return { text: "", tokens: null, finishReason: "failed" };
      });
    };
    const { limitName } = this; // a concurrent question may change it
    try {
      return (await send()).value;
    } catch (error) {
      const { message } = error as Error;
      if (statusOf(error) !== 400) throw error;
      if (limitName === "max_tokens" && message.includes("max_completion_tokens")) {
        this.limitName = "max_completion_tokens";
        return (await send()).value;
      }
      if (!message.includes("temperature")) throw error;
      throw new BenchError("ENDPOINT_FAILED", message, {
        fix: "If the server takes no temperature, say ?temperature=default in the address: answers are sampled then, and another evaluation gives others.",
        cause: (error as Error).cause,
      });
    }
  }

  private body(model: string, prompt: string, { maxNewTokens, stop, topP, seed, ...decoding }: Decoding): string {
    const question = this.address.api === "chat" ? { messages: [{ role: "user", content: prompt }] } : { prompt };
    const temperature = this.address.temperature === "default" ? undefined : (decoding.temperature ?? 0);
    return JSON.stringify({ model, ...question, [this.limitName]: maxNewTokens, temperature, top_p: topP, stop, seed });
  }

  private headers(): Record<string, string> {
    const key = this.environment[this.address.keyVariable];
    return { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
  }
}

interface Completion {
  model?: unknown;
  choices?: {
    text?: unknown;
    message?: { content?: unknown; reasoning_content?: unknown };
    finish_reason?: unknown;
    index?: unknown;
  }[];
  usage?: { completion_tokens?: unknown };
}

const statusOf = (error: unknown): number | undefined =>
  ((error as Error).cause as { status?: number } | undefined)?.status;

/**
 * The one answer in a completion; empty where the model wrote none before its limit, or a filter withheld it. Throws
 * where the text is no completion of this model.
 */
function readAnswer(json: string, model: string, { answeredBy }: EndpointAddress): Generation {
  const { model: answered, choices, usage } = JSON.parse(json) as Completion;
  if (!isNameOf(answered, model) && answered !== answeredBy) {
    throw new BenchError(
      "ENDPOINT_FAILED",
      `the answer comes from the model ${JSON.stringify(answered)}, not "${model}"`,
      {
        fix: "Give the model's name; if both are one model, say ?answered-by=NAME in the address.",
      },
    );
  }
  const [choice, ...more] = choices ?? [];
  if (choice === undefined || more.length > 0 || (choice.index ?? 0) !== 0) {
    throw new Error("it does not contain exactly one choice, with index 0");
  }
  const text = choice.text ?? choice.message?.content ?? "";
  if (typeof text !== "string") throw new Error("its choice has no text");
  const ending = endings.get(choice.finish_reason);
  if (ending === undefined) throw new Error(`it ended by ${JSON.stringify(choice.finish_reason)}`);
  const counted = usage?.completion_tokens;
  const reasoning = choice.message?.reasoning_content;
  return {
    text: text.replace(/^ /, ""),
    tokens: Number.isSafeInteger(counted) && (counted as number) >= 0 ? (counted as number) : null,
    finishReason: ending,
    ...(typeof reasoning === "string" ? { reasoning } : {}),
    ...(answered === model || answered === undefined ? {} : { answeredBy: String(answered) }),
  };
}

/** How an answer ended, by the API's word for it; servers that say nothing mean the end. */
const endings = new Map<unknown, Generation["finishReason"]>([
  ["stop", "end"],
  ["length", "length"],
  ["content_filter", "filtered"],
  [null, "end"],
  [undefined, "end"],
]);

/** Whether a server may call a model so: by its name, with a date or version behind it, or with its maker before it. */
function isNameOf(answered: unknown, model: string): boolean {
  if (answered === undefined) return true;
  if (typeof answered !== "string" || answered.length > 200) return false;
  return answered === model || answered.endsWith(`/${model}`) || /^[-:@][\w.:-]*$/.test(after(answered, model));
}

const after = (text: string, start: string): string => (text.startsWith(start) ? text.slice(start.length) : "");
