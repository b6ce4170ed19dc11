import { describe } from "vitest";
import { allCapabilities } from "../../../../trainers/engine/capabilities.js";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { testConformance } from "../conformance.js";
import { skipped } from "./python.js";

describe.skipIf(skipped)("float32 on the CPU", () => {
  testConformance({
    name: "torch",
    capabilities: allCapabilities,
    open: (directory, seed) => openTorchModel({ directory }, "cpu", { threads: 1, seed }),
  });
});
