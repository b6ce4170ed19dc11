import type { Decoding, Generation } from "../../../harness/contract/trainer.js";
import type { Cancelled, EngineRequest, Model, Written } from "../contract.js";
import { byWeights, checkLength, ending, joinable } from "../requests.js";
import type { GoesOn } from "./child.js";
import type { TorchPictures } from "./pictures.js";

/** The calls of a model that continue prompts: together, or each from when it comes. */
export class Continuations {
  /** Since the model was opened. */
  generatedTokens = 0;

  constructor(
    private readonly model: Pick<Model, "tokenizer" | "contextLength" | "joins">,
    private readonly pictures: Pick<TorchPictures, "show">,
    private readonly ask: <T>(method: string, params: object, goesOn?: GoesOn) => Promise<T>,
  ) {}

  async generate(
    requests: readonly EngineRequest[],
    decoding: Decoding,
    written?: Written,
    cancelled?: Cancelled,
  ): Promise<Generation[]> {
    const { tokenizer, contextLength, joins } = this.model;
    for (const { id, tokens } of requests) checkLength(id, tokens.length, contextLength - 1);
    if (joins && joinable(requests)) {
      return Promise.all(
        requests.map((request, index) => {
          const hear = written && ((text: string) => written(index, text));
          return this.join(request, decoding, hear, () => cancelled?.(index) === true);
        }),
      );
    }
    await this.pictures.show(requests);
    return byWeights(requests, async (own, weights) => {
      const asked = { requests: own.map(plain), decoding, ends: tokenizer.endTokens, weights };
      const answers = await this.ask<number[][]>("generate", asked);
      return answers.map((tokens, i) => this.ended(own[i]!, tokens, decoding));
    });
  }

  /** Joins the answers that are under way. */
  private async join(
    request: EngineRequest,
    decoding: Decoding,
    written: ((text: string) => void) | undefined,
    cancelled: () => boolean,
  ): Promise<Generation> {
    const { tokenizer } = this.model;
    const soFar: number[] = [];
    const goesOn = (token: number | undefined): boolean => {
      if (cancelled()) return false;
      if (token !== undefined && written !== undefined) {
        soFar.push(token);
        written(tokenizer.decode(soFar));
      }
      return true;
    };
    const asked = { request: plain(request), decoding, ends: tokenizer.endTokens };
    const { tokens, cached } = await this.ask<{ tokens: number[]; cached: number }>("answer", asked, goesOn);
    return { ...this.ended(request, tokens, decoding), cachedTokens: cached };
  }

  private ended({ tokens: prompt }: EngineRequest, tokens: readonly number[], decoding: Decoding): Generation {
    const limit = Math.min(decoding.maxNewTokens, this.model.contextLength - prompt.length);
    const generation = ending(tokens, limit, this.model.tokenizer, decoding);
    this.generatedTokens += generation.tokens!;
    return generation;
  }
}

/** A request without the handle of its weights, which crosses apart. */
export const plain = <R extends EngineRequest>({ weights: _weights, ...request }: R) => request;
