import { join } from "node:path";
import { ConfigFields } from "../architecture.js";
import { readJsonFile } from "../json-file.js";
import { processorFile, readImageProcessor } from "./read-image-processor.js";
import { readVision, sectionOf } from "./read-vision.js";
import { projector, tower, type VisionConfig } from "./vision-config.js";

/** The class in transformers of models that join a vision tower to a language model. */
export const llava = "LlavaForConditionalGeneration";

/** What LLaVA-1.5's config.json leaves to the defaults of transformers' LlamaConfig. */
const llamaDefaults = { hidden_size: 4096, intermediate_size: 11_008, num_hidden_layers: 32, num_attention_heads: 32 };

/** The fields of its language model, as a config.json of that model alone has them. */
export function languageFields(fields: ConfigFields): ConfigFields {
  const own = sectionOf(fields, "text_config");
  const type = own.model_type ?? "llama";
  const { architectures: named = [`${String(type).replace(/^./, (first) => first.toUpperCase())}ForCausalLM`] } = own;
  return fields.within({
    ...(type === "llama" ? llamaDefaults : {}),
    ...own,
    architectures: named,
    tie_word_embeddings: own.tie_word_embeddings === true || fields.flag("tie_word_embeddings"),
  });
}

/** How it sees: the tower, the projector, and the image processor, which is a file of its own or part of the processor's. */
export function visionOf(directory: string, fields: ConfigFields): VisionConfig {
  const file = processorFile(directory) ?? join(directory, "preprocessor_config.json");
  const read = new ConfigFields(file, readJsonFile(file));
  const processor = "image_processor" in read.values ? read.within(sectionOf(read, "image_processor")) : read;
  return readVision(fields, readImageProcessor(processor));
}

/** The path in a LLaVA model of a module of its language model. */
export function languageName(path: string): string {
  return path.replace(/^model\./, "model.language_model.");
}

/** Names of tensors as their versions of transformers write them, and those that are computed by. */
const renamed: [RegExp, string][] = [
  [/^(?:language_model\.model|model\.language_model)\./, "model."],
  [/^language_model\.lm_head\./, "lm_head."],
  [new RegExp(`^(?:model\\.)?${tower}\\.(?:vision_model\\.)?`), `${tower}.`],
  [new RegExp(`^(?:model\\.)?${projector}\\.`), `${projector}.`],
];

/** The name under which a tensor of a LLaVA model is computed with: that of its language model alone, or of its tower. */
export function plainName(stored: string): string {
  const [pattern, replacement] = renamed.find(([own]) => own.test(stored)) ?? [/^/, ""];
  return stored.replace(pattern, replacement);
}
