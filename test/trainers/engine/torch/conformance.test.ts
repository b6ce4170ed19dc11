import { describe, expect, test } from "vitest";
import { allCapabilities } from "../../../../trainers/engine/capabilities.js";
import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { writeTinyModel } from "../../model/tiny-model.js";
import { testConformance } from "../conformance.js";
import { testSavedBase } from "../saved-base.js";
import { skipped } from "./python.js";

describe.skipIf(skipped)("float32 on the CPU", () => {
  testConformance({
    name: "torch",
    capabilities: allCapabilities,
    open: (directory, seed) => openTorchModel({ directory }, "cpu", { threads: 1, seed }),
  });

  testSavedBase((checkpoint) => openTorchModel(checkpoint, "cpu", { threads: 1, seed: 1 }, architectures));

  test("answers do not depend on what prompts begin with in common, nor on whose place they take", async () => {
    const model = await openTorchModel({ directory: writeTinyModel() }, "cpu", { threads: 1, seed: 1 });
    const common = Array.from({ length: 45 }, (_, i) => 20 + i);
    const requests = Array.from({ length: 70 }, (_, i) => {
      return { id: String(i), tokens: [...common, ...common.slice(0, i % 9), 30 + i] };
    });
    const decoding = { maxNewTokens: 6, temperature: 1, topP: 1, seed: 3 };
    const together = await model.generate(requests, decoding);
    for (const i of [0, 8, 33, 69]) expect(await model.generate([requests[i]!], decoding)).toEqual([together[i]]);
    await model.release();
  });
});
