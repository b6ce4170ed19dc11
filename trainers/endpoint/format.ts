import type { ModelFormat } from "../../harness/contract/plugin.js";
import { isAddress } from "./address.js";
import { openEndpoint } from "./open.js";

/** Models behind a server. Their number of parameters is unknown and given as 0. */
export const endpointFormat: ModelFormat = {
  name: "openai-endpoint",
  summary: "a model behind an OpenAI-compatible server: http://host:port/v1#model",
  recognizes: isAddress,
  async inspect(reference) {
    const { digest } = await openEndpoint(reference);
    return { architecture: "endpoint", parameters: 0, digest };
  },
};
