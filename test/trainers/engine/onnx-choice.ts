import type { EngineChoice } from "../../../harness/contract/engine.js";

/** What a run that computes with the built-in engine says of a model: a directory, or `base::adapter`. */
export function onnxChoice(location: string): EngineChoice {
  const [directory, adapter] = location.split("::") as [string, string?];
  return {
    name: "onnx",
    module: new URL("../../../dist/trainers/index.js", import.meta.url).href,
    checkpoint: { format: "llama", architecture: "Qwen2ForCausalLM", directory, ...(adapter && { adapter }) },
  };
}
