// A trainer over the protocol of which one message is changed: node hostile-plugin.mjs <seed>
import { createInterface } from "node:readline";
import { random } from "../../../dist/harness/contract/random.js";
import { mutateBytes, mutateJson } from "../../../dist/test/bench/attack/mutate.js";

const draw = random({ seed: Number(process.argv[2]), stream: "hostile-plugin" });
const cost = { trainedTokens: 1, generatedTokens: 1, flops: null };
const results = {
  describe: () => ({ protocol: "bench-learner@2", trainers: [{ name: "hostile", summary: "hostile", version: 1 }] }),
  create: () => ({ answerDigest: false, cost }),
  learn: () => ({ steps: 1, finalLoss: 0.5, curve: [], notes: {}, cost }),
  generate: ({ requests }) => ({ answers: requests.map(() => ({ text: "x", tokens: 1, finishReason: "end" })), cost }),
  score: ({ requests }) => ({ scores: requests.map(() => -1), cost }),
  release: () => null,
};
const changed = draw.pick(Object.keys(results));
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const message = { jsonrpc: "2.0", id, result: results[method]?.(params) ?? null };
  if (method !== changed) process.stdout.write(`${JSON.stringify(message)}\n`);
  else if (draw.integer(2) === 0) process.stdout.write(`${JSON.stringify(mutateJson(message, draw))}\n`);
  else process.stdout.write(mutateBytes(Buffer.from(`${JSON.stringify(message)}\n`), draw));
}
