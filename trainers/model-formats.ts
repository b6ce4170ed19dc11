import { architectures } from "./engine/onnx/architectures/index.js";
import { adapterFormat as adaptersOf } from "./model/adapter-format.js";
import { huggingFaceFormat } from "./model/format.js";

/** The model formats of this room, for the architectures that the built-in engine computes. */
export const llamaFormat = huggingFaceFormat(architectures);
export const adapterFormat = adaptersOf(architectures);
