import { BenchError } from "../../harness/contract/errors.js";
import type { RetryPolicy } from "../../harness/http/request.js";

/** A model behind a server that speaks the OpenAI API, as its reference says it. */
export interface EndpointAddress {
  /** The API's root, such as http://localhost:8000/v1, without a slash at the end. */
  root: string;
  /** The model's name there; absent where the server has only one. */
  model?: string;
  /** Whether prompts go as text or as the message of a user. */
  api: "completions" | "chat";
  /** A name that the server may answer by, where it is not the model's own, such as of the version behind an alias. */
  answeredBy: string | null;
  /** `default`: no temperature is sent, for servers that take none; answers are sampled then, and differ when repeated. */
  temperature: "zero" | "default";
  /** What its user calls the weights behind the name; results are not shared between different names. */
  revision: string | null;
  /** Requests under way at a time. */
  concurrency: number;
  policy: RetryPolicy;
  /** Name of the environment variable that contains the key. */
  keyVariable: string;
}

/** Whether a reference is an address rather than a directory. */
export const isAddress = (reference: string): boolean => /^https?:\/\//.test(reference);

const parameters = ["api", "revision", "concurrency", "timeout", "retries", "key", "answered-by", "temperature"];

/**
 * Reads `http://host:port/v1?concurrency=8&timeout=120&retries=5&api=chat&revision=…&key=VARIABLE#model`; all behind the
 * path can be left out.
 *
 * @throws MODEL_INVALID for an unknown or wrong parameter.
 */
export function parseAddress(reference: string): EndpointAddress {
  if (!URL.canParse(reference)) throw malformed(reference, "it is no address");
  const url = new URL(reference);
  if (url.username !== "" || url.password !== "")
    throw malformed(url.origin, "a reference is stored and must not contain a key");
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined)
    throw malformed(reference, `"${unknown}" is no parameter; there are ${parameters.join(", ")}`);
  const number = (name: string, byDefault: number, least: number): number => {
    const text = url.searchParams.get(name);
    const value = text === null ? byDefault : Number(text);
    if (!(value >= least)) throw malformed(reference, `${name}=${text} is no number from ${least} on`);
    return value;
  };
  const api = url.searchParams.get("api") ?? "completions";
  if (api !== "completions" && api !== "chat") throw malformed(reference, `api=${api} is neither completions nor chat`);
  const temperature = url.searchParams.get("temperature") ?? "zero";
  if (temperature !== "zero" && temperature !== "default") {
    throw malformed(reference, `temperature=${temperature} is neither zero nor default`);
  }
  const model = decodeURIComponent(url.hash.slice(1));
  return {
    root: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    ...(model === "" ? {} : { model }),
    api,
    answeredBy: url.searchParams.get("answered-by"),
    temperature,
    revision: url.searchParams.get("revision"),
    concurrency: Math.floor(number("concurrency", 8, 1)),
    policy: {
      timeoutSeconds: number("timeout", 120, 0.001),
      retries: Math.floor(number("retries", 5, 0)),
      waitSeconds: 0.5,
    },
    keyVariable: url.searchParams.get("key") ?? "OPENAI_API_KEY",
  };
}

function malformed(reference: string, why: string): BenchError {
  return new BenchError("MODEL_INVALID", `${reference}: ${why}`, {
    fix: "Write http://host:port/v1#model, with settings between them as ?concurrency=8&timeout=120; the key is read from OPENAI_API_KEY.",
  });
}
