import { describe, expect, test } from "vitest";
import { allCapabilities } from "../../../trainers/engine/capabilities.js";
import { onnxEngine } from "../../../trainers/engine/onnx/index.js";
import { openCheckpointModel } from "../../../trainers/engine/onnx/open.js";
import { testConformance } from "./conformance.js";
import { testSavedBase } from "./saved-base.js";

const checkpoint = (directory: string) => ({ format: "llama", architecture: "Qwen2ForCausalLM", directory });

testConformance({
  name: "onnx",
  capabilities: allCapabilities,
  open: (directory, seed) => onnxEngine.open(checkpoint(directory), "cpu", { threads: 1, seed }),
});

test("the built-in engine has every capability for its architectures, and opens no other", () => {
  expect(onnxEngine.capabilities(checkpoint("/m"))).toEqual(allCapabilities);
  expect(onnxEngine.capabilities({ ...checkpoint("/m"), architecture: "GPT2LMHeadModel" })).toBeUndefined();
  expect(onnxEngine.capabilities({ ...checkpoint("/m"), format: "openai-endpoint" })).toBeUndefined();
});

describe("what the built-in engine saves", () => {
  testSavedBase((checkpoint) => openCheckpointModel(checkpoint, "cpu", { threads: 1, seed: 1 }));
});
