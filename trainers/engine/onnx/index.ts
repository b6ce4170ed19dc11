import { env } from "onnxruntime-node";
import type { EngineDefinition } from "../../../harness/contract/plugin.js";
import { probeDevices } from "../../model/devices.js";

/** Training and inference in this process, on ONNX Runtime. */
export const onnxEngine: EngineDefinition = {
  name: "onnx",
  version: env.versions.node ?? env.versions.common,
  numerics: `onnx@1 onnxruntime-node@${env.versions.node ?? env.versions.common}`,
  probe: probeDevices,
};
