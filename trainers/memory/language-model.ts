import { BenchError } from "../../harness/contract/errors.js";
import { textInput } from "../../harness/contract/suite.js";
import { openEndpoint } from "../endpoint/open.js";
import type { Model } from "../engine/contract.js";
import { SequenceEncoder } from "../training/sequences.js";
import type { Ask } from "./extraction/prompted.js";

/** Asks a model that an engine has opened, greedily. */
export function askModel(model: Model, chat: boolean): Ask {
  const encoder = new SequenceEncoder(model.tokenizer, model.contextLength, chat);
  return async (prompts, wanted) => {
    const maxNewTokens = encoder.answerLimit(wanted);
    const requests = prompts.map((text, index) => ({
      id: `${index}`,
      tokens: encoder.prompt(textInput(text), maxNewTokens),
    }));
    return (await model.generate(requests, { maxNewTokens })).map(({ text }) => text);
  };
}

/**
 * Asks a model behind an OpenAI-compatible server. Throws CONFIG_INVALID without an address, MODEL_INVALID for a wrong one,
 * ENDPOINT_FAILED where the server does not answer as it should or gives no answer.
 */
export async function askEndpoint(address: string | null): Promise<Ask> {
  if (address === null) {
    throw new BenchError("CONFIG_INVALID", "extraction, filter or summaries ask for an endpoint, but none is named", {
      fix: "Give the option `endpoint`, such as http://localhost:8000/v1#model.",
    });
  }
  const { client, model } = await openEndpoint(address);
  return async (prompts, maxNewTokens) => {
    const answers = await client.complete(model, prompts, { maxNewTokens });
    const failed = answers.findIndex(({ finishReason }) => finishReason === "failed" || finishReason === "filtered");
    if (failed < 0) return answers.map(({ text }) => text);
    throw new BenchError("ENDPOINT_FAILED", `the server gave no answer to prompt ${failed + 1} of ${prompts.length}`, {
      fix: "Look at the server's log; extract by rules where it refuses such texts.",
    });
  };
}
