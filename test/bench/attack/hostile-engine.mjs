#!/usr/bin/env node
// The process of an engine of which one answer is changed: BENCH_ATTACK_SEED says which, and how.
import { random } from "../../../dist/harness/contract/random.js";
import { mutateBytes, mutateJson } from "../../../dist/test/bench/attack/mutate.js";
import { encodeMessage, MessageReader } from "../../../dist/trainers/engine/torch/frames.js";

const draw = random({ seed: Number(process.env.BENCH_ATTACK_SEED), stream: "hostile-engine" });
const results = {
  open: { model: 1, vocabulary: 10 },
  generate: [[1, 2], [3]],
  read: [Float32Array.from([1, 2, 3])],
  meter: { flops: 1, trainedTokens: 2 },
};
const changed = draw.pick(Object.keys(results));
const reader = new MessageReader(({ id, method }) => {
  const message = { jsonrpc: "2.0", id, result: results[method] ?? null };
  const altered = method === changed && draw.integer(2) === 0 ? mutateJson(message, draw) : message;
  const bytes = Buffer.concat(encodeMessage(altered ?? {}));
  process.stdout.write(method === changed && altered === message ? mutateBytes(bytes, draw) : bytes);
});
process.stdin.on("data", (chunk) => reader.push(chunk));
