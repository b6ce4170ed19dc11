import { architectures } from "./engine/onnx/architectures/index.js";
import { adapterFormat as adaptersOf } from "./model/adapter-format.js";
import { huggingFaceFormat } from "./model/format.js";
import { transformersFormat as formatOfOthers } from "./model/transformers-format.js";

/** The model formats of this room: for the architectures that the built-in engine computes, and for all others. */
export const llamaFormat = huggingFaceFormat(architectures);
export const adapterFormat = adaptersOf(architectures);
export const transformersFormat = formatOfOthers(architectures);
