import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { ServeOptions, ServingModels } from "../../../harness/app/serve-models.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { embeddedModel } from "../../files.js";
import { bench } from "../cli/support.js";

/** The address of a compiled file of the project. */
export const compiled = (file: string): string => pathToFileURL(join(packageRoot, "dist", file)).href;

/** Starts a server as the command line does, on a free port. */
export async function serve(
  registry: string,
  names: readonly string[],
  options: Partial<ServeOptions> = {},
): Promise<ServingModels & { log: string[] }> {
  const { serveModels }: typeof import("../../../harness/app/serve-models.js") = await import(
    compiled("harness/app/serve-models.js")
  );
  const { rooms }: { rooms: string[] } = await import(compiled("rooms.js"));
  const log: string[] = [];
  const usual = {
    host: "127.0.0.1",
    port: 0,
    pending: 64,
    timeout: 600,
    loaded: 3,
    promptCache: 64,
    advance: 0,
    probeItems: 4,
    monitor: 0,
    monitorCalls: 256,
  };
  const serving = await serveModels(names, { registry, ...usual, ...options }, { builtIns: rooms }, (line) => {
    log.push(line);
  });
  return { ...serving, log };
}

/** A copy of the embedded model that is another version, since one of its files differs. */
export function alteredModel(home: string): string {
  const altered = join(home, "altered");
  cpSync(embeddedModel, altered, { recursive: true });
  const config = join(altered, "generation_config.json");
  writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, "utf8")), transformers_version: "0" }));
  return altered;
}

/** A registry with two versions of the model `support`, the first of them the champion. Returns its directory. */
export async function twoVersions(home: string): Promise<string> {
  for (const model of [embeddedModel, alteredModel(home)]) {
    expect(await bench(["registry", "add", "support", model], home)).toMatchObject({ code: 0 });
  }
  expect(await bench(["registry", "alias", "support@1", "champion"], home)).toMatchObject({ code: 0 });
  return join(home, "registry");
}

/** A server of another make that answers each chat as `answer` says. */
export interface OtherServer {
  root: string;
  asked: { headers: IncomingMessage["headers"]; body: Record<string, unknown> }[];
  close(): Promise<void>;
}

export async function otherServer(
  answer: (body: Record<string, unknown>, index: number) => { status?: number; text: string; after?: Promise<void> },
): Promise<OtherServer> {
  const asked: OtherServer["asked"] = [];
  const server: Server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const body = JSON.parse(text) as Record<string, unknown>;
    asked.push({ headers: request.headers, body });
    const { status = 200, text: content, after } = answer(body, asked.length - 1);
    await after;
    response.writeHead(status, { "content-type": "application/json" });
    const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
    response.end(JSON.stringify({ id: "other", object: "chat.completion", created: 0, model: body.model, choices }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    root: `http://127.0.0.1:${port}/v1`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
