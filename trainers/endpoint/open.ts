import { digestOf } from "../../harness/contract/digest.js";
import { parseAddress } from "./address.js";
import { EndpointClient } from "./client.js";

/** A server that answered, and the model there. */
export interface Endpoint {
  client: EndpointClient;
  model: string;
  /** Of address, name, API, revision and temperature: the weights cannot be seen. Settings of the transport are no part of it. */
  digest: string;
}

/** Asks the server that a reference names for its model. Throws MODEL_INVALID, ENDPOINT_FAILED. */
export async function openEndpoint(reference: string): Promise<Endpoint> {
  const address = parseAddress(reference);
  const client = new EndpointClient(address);
  const model = await client.findModel();
  const { root, api, revision, temperature } = address;
  const sampled = temperature === "default" ? { temperature } : {};
  return { client, model, digest: digestOf({ root, model, api, revision, ...sampled }) };
}
