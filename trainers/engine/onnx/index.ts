import { createRequire } from "node:module";
import { llava } from "../../model/vision/llava.js";
import { allCapabilities } from "../capabilities.js";
import type { Engine } from "../contract.js";
import { architectures } from "./architectures/index.js";
import { learnerMemory, sharedMemory } from "./memory.js";

/** Model formats that it reads. */
const formats = ["llama", "lora-adapter"];

/** Classes in transformers that it computes. */
const computed = [...architectures.map(({ name }) => name), llava];

const runtime = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };

/** Training and inference in this process, on ONNX Runtime. That and what builds graphs are loaded when a model is opened. */
export const onnxEngine: Engine = {
  name: "onnx",
  version: runtime.version,
  numerics: `onnx@5 onnxruntime-node@${runtime.version}`,
  probe: async () => (await import("./devices.js")).probeDevices(),
  capabilities: ({ format, architecture }) =>
    formats.includes(format) && computed.includes(architecture) ? allCapabilities : undefined,
  memory: learnerMemory,
  sharedMemory,
  measureSpeed: async () => (await import("./speed.js")).measureSpeed(),
  open: async (...given) => (await import("./open.js")).openCheckpointModel(...given),
};
