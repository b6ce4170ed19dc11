import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A server behind the proxy: it answers with its model's name, at once or as a stream, after some milliseconds. */
export async function startUpstream(): Promise<{ root: string; close(): void }> {
  let index = 0;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const { model, stream } = JSON.parse(text) as { model: string; stream?: boolean };
    await setTimeout((index++ * 7) % 20);
    const head = { id: "x", created: 0, model };
    if (stream !== true) {
      const choices = [{ index: 0, message: { role: "assistant", content: model }, finish_reason: "stop" }];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...head, object: "chat.completion", choices }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const character of model) {
      const choices = [{ index: 0, delta: { content: character }, finish_reason: null }];
      response.write(`data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices })}\n\n`);
      await setTimeout(2);
    }
    response.end("data: [DONE]\n\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    root: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
