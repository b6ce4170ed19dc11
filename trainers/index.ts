import type { Plugin } from "../harness/contract/plugin.js";
import { onnxEngine } from "./engine/onnx/index.js";
import { trainers } from "./methods/catalogue.js";
import { llamaFormat } from "./model/index.js";

/** What this room brings: the trainers, the model directories that they open, the engine that computes. */
export const plugin: Plugin = { trainers, models: [llamaFormat], engines: [onnxEngine] };
