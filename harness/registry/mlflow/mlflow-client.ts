import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { BenchError } from "../../contract/errors.js";
import { boundedFetch } from "../../http/bounded-fetch.js";
import { connectionProblem } from "../../http/request.js";

/** An answer of an error, as MLflow words it. */
interface Refusal {
  error_code?: string;
  message?: string;
}

/** Of an answer about versions. */
const mostBytes = 64 * 2 ** 20;

/** Speaks the REST interface of a server of MLflow (https://mlflow.org/docs/latest/rest-api.html). */
export class MlflowClient {
  /** @param address of the server. Reads MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. */
  constructor(readonly address: string) {}

  /**
   * Calls the interface; undefined where the server says that what is named does not exist.
   *
   * @throws ENDPOINT_FAILED for anything but success.
   */
  async call<T>(
    method: "GET" | "POST" | "DELETE",
    path: string,
    values: Record<string, unknown>,
  ): Promise<T | undefined> {
    const query = method === "GET" ? `?${new URLSearchParams(values as Record<string, string>)}` : "";
    const answer = await this.#fetch(`/api/2.0/mlflow/${path}${query}`, {
      method,
      ...(method !== "GET" && { headers: { "content-type": "application/json" }, body: JSON.stringify(values) }),
    });
    const body = parsed(await textOf(answer, this.address)) as (T & Refusal) | undefined;
    if (answer.ok && body !== undefined) return body;
    if (body?.error_code === "RESOURCE_DOES_NOT_EXIST") return undefined;
    throw this.#failed(answer.status, body?.message);
  }

  /** Stores a file under a path of the server's artifacts. */
  async upload(path: string, file: string): Promise<void> {
    const answer = await this.#fetch(artifact(path), { method: "PUT", body: await openAsBlob(file) }, 3600);
    if (!answer.ok) throw this.#failed(answer.status, await textOf(answer, this.address));
    await answer.body?.cancel();
  }

  /** Size and digest of a stored file; undefined where there is none. Of a longer one than `most` bytes no more is read. */
  async digest(path: string, most: number): Promise<{ bytes: number; sha256: string } | undefined> {
    const answer = await this.#fetch(artifact(path), { method: "GET" }, 3600, Number.POSITIVE_INFINITY);
    if (answer.status === 404) return undefined;
    if (!answer.ok || answer.body === null) throw this.#failed(answer.status, undefined);
    const hash = createHash("sha256");
    let bytes = 0;
    try {
      for await (const chunk of answer.body) {
        bytes += chunk.length;
        hash.update(chunk);
        if (bytes > most) break;
      }
    } catch (error) {
      throw unreachable(this.address, error);
    }
    return { bytes, sha256: hash.digest("hex") };
  }

  async #fetch(path: string, init: RequestInit, seconds = 60, bytes = mostBytes): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), ...authorization() };
    const limits = { bytes, firstByteSeconds: seconds, silenceSeconds: 60, wholeSeconds: Math.max(300, seconds) };
    try {
      return await boundedFetch(`${this.address}${path}`, { ...init, headers, redirect: "manual" }, limits);
    } catch (error) {
      throw unreachable(this.address, error);
    }
  }

  #failed(status: number, message: string | undefined): BenchError {
    const said = message === undefined || message === "" ? "" : `: ${message.slice(0, 300)}`;
    return new BenchError("ENDPOINT_FAILED", `MLflow at ${new URL(this.address).origin} answered ${status}${said}`, {
      fix:
        status === 401 || status === 403
          ? "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
          : "Check the address, and that the server of MLflow serves artifacts (its default).",
    });
  }
}

const artifact = (path: string): string =>
  `/api/2.0/mlflow-artifacts/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`;

function authorization(): Record<string, string> {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: user,
    MLFLOW_TRACKING_PASSWORD: password,
  } = process.env;
  if (token) return { authorization: `Bearer ${token}` };
  if (!user) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password ?? ""}`).toString("base64")}` };
}

async function textOf(answer: Response, address: string): Promise<string> {
  try {
    return await answer.text();
  } catch (error) {
    throw unreachable(address, error);
  }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value instanceof Object ? value : undefined;
  } catch {
    return undefined;
  }
}

function unreachable(address: string, error: unknown): BenchError {
  return new BenchError("ENDPOINT_FAILED", `MLflow at ${new URL(address).origin}: ${connectionProblem(error)}`, {
    fix: "Check that the server runs, and its address.",
    cause: error,
  });
}
