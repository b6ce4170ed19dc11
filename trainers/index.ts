import type { Plugin } from "../harness/contract/plugin.js";
import { endpointFormat } from "./endpoint/format.js";
import { endpoint } from "./endpoint/trainer.js";
import { architectures } from "./engine/onnx/architectures/index.js";
import { onnxEngine } from "./engine/onnx/index.js";
import { torchEngine } from "./engine/torch/index.js";
import { memories, memoryTrainers } from "./memory/trainers.js";
import { methods, references, trainersFrom } from "./methods/catalog.js";
import type { Method } from "./methods/method.js";
import { adapterFormat, llamaFormat, transformersFormat } from "./model-formats.js";

/** What this room brings: the trainers, the model directories that they open, the engine that computes. */
export const plugin: Plugin = {
  methods,
  trainersFrom(all: readonly Method[]) {
    return trainersFrom(all, memories);
  },
  trainers: [...references, ...memoryTrainers, endpoint],
  models: [llamaFormat, transformersFormat, adapterFormat, endpointFormat],
  engines: [onnxEngine, torchEngine(architectures)],
};
