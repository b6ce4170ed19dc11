import type { Plugin } from "../harness/contract/plugin.js";
import { endpointFormat } from "./endpoint/format.js";
import { endpoint } from "./endpoint/trainer.js";
import { onnxEngine } from "./engine/onnx/index.js";
import { torchEngine } from "./engine/torch/index.js";
import { bm25, dense, hipporag, rankFusion } from "./memory/trainers.js";
import { methods, references, trainersFrom } from "./methods/catalog.js";
import { adapterFormat, llamaFormat, transformersFormat } from "./model-formats.js";

/** What this room brings: the trainers, the model directories that they open, the engine that computes. */
export const plugin: Plugin = {
  methods,
  trainersFrom,
  trainers: [...references, bm25, dense, hipporag, rankFusion, endpoint],
  models: [llamaFormat, transformersFormat, adapterFormat, endpointFormat],
  engines: [onnxEngine, torchEngine],
};
