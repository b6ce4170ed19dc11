import { describe } from "vitest";
import { allCapabilities } from "../../../../trainers/engine/capabilities.js";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { testConformance } from "../conformance.js";
import { skipped } from "./python.js";

describe.skipIf(skipped)("two processes for one model", () => {
  testConformance({
    name: "torch on two",
    capabilities: allCapabilities,
    open: (directory, seed) => openTorchModel({ directory }, "cpu,cpu", { threads: 1, seed }),
  });
});
