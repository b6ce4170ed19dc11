import { Bench } from "tinybench";
import { random } from "../../harness/contract/random.js";
import { llama } from "../../trainers/engine/onnx/architectures/llama.js";
import { singleThread } from "../../trainers/engine/onnx/graph/session.js";
import { generate } from "../../trainers/engine/onnx/inference/generate.js";
import type { InferenceModel } from "../../trainers/engine/onnx/inference/inference.js";
import { embed, score } from "../../trainers/engine/onnx/inference/score.js";
import type { AnswerTokenizer } from "../../trainers/engine/requests.js";
import { config, drawModel } from "./training-workload.js";

/**
 * How many requests a second a model of about the embedded one's size answers on one core: prompts of 32 to 48 tokens, all answers of
 * the same length. The target is 1,000 answers of 5 tokens. Other work on the machine lowers the figures.
 */
const count = 256;
const requests = Array.from({ length: count }, (_, item) => {
  const draw = random({ seed: 7, stream: "benchmark-prompt", item });
  const tokens = Array.from({ length: 32 + draw.integer(17) }, () => draw.integer(config.vocabulary));
  return { id: `${item}`, tokens, continuation: tokens.slice(0, 5) };
});
const model: InferenceModel = {
  architecture: llama,
  config,
  tensors: drawModel().tensors(),
  session: singleThread,
  spend: () => {},
};
/** Never ends an answer before its limit; turning tokens into text is not what is measured. */
const tokenizer: AnswerTokenizer = { endTokens: [], decode: () => "" };

const bench = new Bench({ time: 3000, warmupIterations: 2, throws: true });
for (const maxNewTokens of [1, 5, 40]) {
  bench.add(`answers of ${maxNewTokens} tokens`, async () => {
    await generate(model, tokenizer, requests, { maxNewTokens });
  });
}
bench.add("answers of 5 tokens, sampled", async () => {
  await generate(model, tokenizer, requests, { maxNewTokens: 5, temperature: 0.6, topP: 0.9, seed: 1 });
});
bench.add("scores of continuations of 5 tokens", async () => {
  await score(model, requests);
});
bench.add("embeddings", async () => {
  await embed(model, requests);
});
await bench.run();
console.table(
  bench.tasks.map(({ name, result }) => {
    if (result.state !== "completed") throw new Error(`${name}: ${result.state}`);
    const { p50, min } = result.latency;
    const perSecond = (milliseconds: number) => Math.round((1000 * count) / milliseconds);
    return { task: name, "per second (median)": perSecond(p50), "per second (best)": perSecond(min) };
  }),
);
