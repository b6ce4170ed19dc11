import type { ModelFormat } from "../../harness/contract/plugin.js";
import { isAddress } from "./address.js";
import { openEndpoint } from "./open.js";

/** Models behind a server. How many parameters they have is not told: 0 stands for that. */
export const endpointFormat: ModelFormat = {
  name: "openai-endpoint",
  summary: "a model behind an OpenAI-compatible server: http://host:port/v1#model",
  recognizes: isAddress,
  async inspect(reference) {
    const { digest } = await openEndpoint(reference);
    return { architecture: "endpoint", parameters: 0, digest };
  },
};
