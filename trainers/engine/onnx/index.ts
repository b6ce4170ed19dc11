import { env } from "onnxruntime-node";
import { probeDevices } from "../../model/devices.js";
import { openCheckpointModel } from "../../model/index.js";
import { allCapabilities } from "../capabilities.js";
import type { Engine } from "../contract.js";

const formats = ["llama", "lora-adapter"];

/** Training and inference in this process, on ONNX Runtime. */
export const onnxEngine: Engine = {
  name: "onnx",
  version: env.versions.node ?? env.versions.common,
  numerics: `onnx@1 onnxruntime-node@${env.versions.node ?? env.versions.common}`,
  probe: probeDevices,
  capabilities: ({ format }) => (formats.includes(format) ? allCapabilities : undefined),
  open: openCheckpointModel,
};
