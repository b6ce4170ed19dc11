import { PassThrough } from "node:stream";
import { BenchError } from "../../contract/errors.js";
import { type ApiAnswer, type ApiCall, ApiError, type Backend, errorAnswer } from "../api.js";
import { DeltaText } from "./delta-text.js";
import type { Answered, ModelSetup } from "./messages.js";
import { ModelWorker } from "./model-worker.js";
import { type Question, readQuestion, readTexts } from "./request.js";
import { chunkText, completionText, embeddingsText, endOfStream, promptTokensOf, usageChunkText } from "./response.js";

/** A version that is computed here. */
export class LocalBackend implements Backend {
  readonly #worker: ModelWorker;
  #pending = 0;

  private constructor(setup: ModelSetup) {
    this.#worker = new ModelWorker(setup);
  }

  /** Opens the model of a version. Throws what its engine throws. */
  static async open(setup: ModelSetup): Promise<LocalBackend> {
    const backend = new LocalBackend(setup);
    try {
      await backend.#worker.open();
      return backend;
    } catch (error) {
      await backend.close();
      throw error;
    }
  }

  get pending(): number {
    return this.#pending;
  }

  async answer(call: ApiCall): Promise<ApiAnswer> {
    this.#pending += 1;
    let streams = false;
    try {
      if (call.path === "embeddings") return await this.#embed(call);
      const question = readQuestion(call.path, call.body);
      streams = question.stream;
      return streams ? this.#stream(call, question) : await this.#complete(call, question);
    } catch (error) {
      if (error instanceof ApiError) return errorAnswer(error);
      throw error;
    } finally {
      if (!streams) this.#pending -= 1;
    }
  }

  close(): Promise<void> {
    return this.#worker.close();
  }

  async #complete(call: ApiCall, question: Question): Promise<ApiAnswer> {
    const answers = await Promise.all(question.prompts.map((_, index) => this.#ask(call, question, index)));
    const body = completionText(call, answers);
    return { status: 200, contentType: "application/json", body, prompt: promptTokensOf(answers) };
  }

  #stream(call: ApiCall, question: Question): ApiAnswer {
    const body = new PassThrough();
    const streamed: ApiAnswer = { status: 200, contentType: "text/event-stream", body };
    const delta = new DeltaText(question.decoding.stop);
    const send = (text: string) => {
      if (text !== "" && !body.writableEnded) body.write(chunkText(call, { text }));
    };
    const fail = (error: Error) => {
      const failure = error instanceof ApiError ? error : new ApiError(500, "the model failed to answer");
      if (!body.writableEnded) body.end(`data: ${JSON.stringify(failure.toBody())}\n\n`);
    };
    call.signal.addEventListener("abort", () => fail(call.signal.reason as Error), { once: true });
    body.write(chunkText(call, { first: true }));
    this.#ask(call, question, 0, (text) => send(delta.grown(text)))
      .then((answer) => {
        streamed.prompt = promptTokensOf([answer]);
        send(delta.whole(answer.text));
        if (body.writableEnded) return;
        body.write(chunkText(call, { finishReason: answer.finishReason }));
        if (question.countStream) body.write(usageChunkText(call, [answer]));
        body.end(endOfStream);
      })
      .catch(fail)
      .finally(() => {
        this.#pending -= 1;
      });
    return streamed;
  }

  async #ask(
    call: ApiCall,
    { prompts, decoding }: Question,
    index: number,
    written?: (text: string) => void,
  ): Promise<Answered> {
    // A seed of the client decides the answer alone; else every call draws its own.
    const id = decoding.seed === undefined ? `${call.id}.${index}` : `seed.${index}`;
    const scope = call.scope?.();
    const { signal } = call;
    const answer = await this.#worker.answer({ id, prompt: prompts[index]!, scope, decoding, written, signal });
    if (answer.shortened !== true) return answer;
    throw new ApiError(400, "the prompt is longer than the context of the model, less the answer", {
      code: "context_length_exceeded",
      param: call.path === "completions" ? "prompt" : "messages",
    });
  }

  async #embed(call: ApiCall): Promise<ApiAnswer> {
    const { texts, base64 } = readTexts(call.body);
    const vectors = await this.#worker.embed(texts);
    if (vectors === undefined) throw new BenchError("INTERNAL", "the learner that answers has no embeddings");
    return { status: 200, contentType: "application/json", body: embeddingsText(call.model, vectors, base64) };
  }
}
