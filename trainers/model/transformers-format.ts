import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { canonicalJson } from "../../harness/contract/digest.js";
import type { ModelFormat } from "../../harness/contract/plugin.js";
import type { Architecture, ConfigFields } from "./architecture.js";
import { companionsOf } from "./companions.js";
import { isPlainDecoder, readFields } from "./config.js";
import { defaultMaxTokens, textMeasure } from "./measure.js";
import { bytesOf, readFinite } from "./safetensors.js";
import { openTokenizer } from "./tokenizer/tokenizer.js";
import { processorFile } from "./vision/read-image-processor.js";
import { isSection } from "./vision/read-vision.js";
import { findWeights, holdsWeights } from "./weights.js";

/** What config.json says of files rather than of the function that is computed. */
const aboutFiles = ["dtype", "torch_dtype", "_name_or_path", "transformers_version", "use_cache"];

/** The name of the longest sequence differs from one architecture to the next. */
const contextKeys = ["max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length"];

function architectureOf(fields: ConfigFields): string {
  const { architecture } = fields;
  if (architecture !== undefined && /^[A-Z]\w{0,99}$/.test(architecture)) return architecture; // as classes are called
  throw fields.invalid("architectures names no class of transformers", "Save the model again with transformers.");
}

/**
 * Model directories of whatever architecture transformers knows.
 *
 * @param others architectures whose directories another format describes in full.
 */
export function transformersFormat(others: readonly Architecture[]): ModelFormat {
  return {
    name: "transformers",
    summary: "any causal or vision-language model of transformers as config.json, *.safetensors and tokenizer.json",
    recognizes: (directory) =>
      existsSync(join(directory, "config.json")) && holdsWeights(directory) && !isPlainDecoder(directory, others),
    open: async (directory) => ({
      format: "transformers",
      architecture: architectureOf(readFields(directory)),
      directory: resolve(directory),
    }),
    async measure(directory) {
      const fields = readFields(directory);
      const language = isSection(fields.values.text_config) ? fields.within(fields.values.text_config) : fields;
      const key = contextKeys.find((name) => language.values[name] !== undefined);
      return textMeasure(directory, key === undefined ? defaultMaxTokens : language.size(key));
    },
    async inspect(directory) {
      const fields = readFields(directory);
      const architecture = architectureOf(fields);
      const tokenizer = openTokenizer(directory);
      const tensors = findWeights(directory);
      const config = { ...fields.values };
      for (const key of aboutFiles) delete config[key];
      const hash = createHash("sha256").update(canonicalJson(config));
      for (const [name, bytes] of companionsOf(directory)) hash.update(`\0${name}\0`).update(bytes);
      let parameters = 0;
      for (const { name, values } of readFinite([...tensors].sort(([a], [b]) => (a < b ? -1 : 1)))) {
        parameters += values.length;
        hash.update(`\0${name}\0`);
        for (const bytes of bytesOf(values)) hash.update(bytes);
      }
      const sees = isSection(fields.values.vision_config) && processorFile(directory) !== undefined;
      return {
        architecture,
        parameters,
        digest: hash.digest("hex"),
        chatTemplate: tokenizer.chat !== null,
        ...(sees && { modalities: ["text", "image"] as const }),
      };
    },
  };
}
