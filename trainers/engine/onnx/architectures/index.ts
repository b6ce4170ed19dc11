import type { DecoderArchitecture } from "../decoder/architecture.js";
import { llama } from "./llama.js";
import { mistral } from "./mistral.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";

/** Every architecture that this engine computes. */
export const architectures: readonly DecoderArchitecture[] = [llama, mistral, qwen2, qwen3];
