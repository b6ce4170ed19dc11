import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTracing } from "../../../harness/serve/tracing.js";
import { newDirectory } from "../../files.js";
import { otherServer, serve, twoVersions } from "./support.js";

/** As much of opentelemetry/proto/trace/v1 and its collector's request as is read here, with the numbers of its fields. */
const { root } = protobuf.parse(`syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; uint32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15; }
message Status { uint32 code = 3; }
message KeyValue { string key = 1; Value value = 2; }
message Value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; }`);

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  attributes: Record<string, string>;
  status?: { code?: number };
}

const received: { headers: Record<string, unknown>; resource: Record<string, string>; spans: Span[] }[] = [];
const collector = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const type = root.lookupType("Request");
  const given = type.toObject(type.decode(Buffer.concat(parts)), {
    bytes: (value: Uint8Array) => value,
    longs: String,
  });
  const hex = (bytes?: Uint8Array) => Buffer.from(bytes ?? []).toString("hex");
  const flat = (pairs: { key: string; value: object }[] = []) =>
    Object.fromEntries(pairs.map(({ key, value }) => [key, String(Object.values(value)[0])]));
  for (const { resource, scopeSpans } of given.resourceSpans) {
    const spans = scopeSpans.flatMap(({ spans: own }: { spans: Record<string, never>[] }) =>
      own.map((span) => ({
        ...{ name: span.name, status: span.status, attributes: flat(span.attributes) },
        ...{ traceId: hex(span.traceId), spanId: hex(span.spanId), parentSpanId: hex(span.parentSpanId) },
      })),
    );
    received.push({ headers: { ...request.headers, path: request.url }, resource: flat(resource.attributes), spans });
  }
  response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
});

const before = { ...process.env };

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith("OTEL_")) delete process.env[name];
  Object.assign(process.env, before);
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

it("sends a call's spans to the collector of the standard variables, in the trace of the client, and passes it on", async () => {
  const { port } = collector.address() as AddressInfo;
  Object.assign(process.env, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_HEADERS: "x-team=support",
    OTEL_SERVICE_NAME: "support-models",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
  });
  const registry = await twoVersions(newDirectory());
  const good = await otherServer(() => ({ text: "good" }));
  const failing = await otherServer(() => ({ status: 500, text: "" }));
  const upstream = [`support@1=${good.root}`, `support@2=${failing.root}`];
  const { address, server } = await serve(registry, ["support"], { upstream });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const ask = (model: string) =>
    fetch(`${address}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] }),
    });
  expect((await ask("support")).status).toBe(200);
  expect((await ask("support@2")).status).toBe(500);
  await server.close();
  for (const each of [good, failing]) await each.close();

  expect(received[0]).toMatchObject({
    headers: { path: "/v1/traces", "x-team": "support", "content-type": "application/x-protobuf" },
    resource: { "service.name": "support-models", "deployment.environment.name": "test" },
  });
  const spans = received.flatMap((each) => each.spans);
  expect(spans).toHaveLength(4);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const [call, failed] = spans.filter(({ name }) => name === "POST /v1/chat/completions");
  const answers = spans.filter(({ name }) => name === "chat support");
  expect(call).toMatchObject({ parentSpanId: "b7ad6b7169203331", attributes: { "http.response.status_code": "200" } });
  const answer = answers.find(({ parentSpanId }) => parentSpanId === call!.spanId);
  expect(answer!.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "bench.version": "1",
    "bench.arm": "none",
  });
  expect(failed!.status?.code).toBe(2);
  expect(good.asked[0]!.headers.traceparent).toBe(`00-${traceId}-${answer!.spanId}-01`);
  expect(JSON.stringify(spans)).not.toContain("Hello");
});

it("is off without an endpoint or where it is said to be, and refuses what it does not have", async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  expect(await openTracing({})).toBeUndefined();
  expect(await openTracing({ ...endpoint, OTEL_SDK_DISABLED: "true" })).toBeUndefined();
  expect(await openTracing({ ...endpoint, OTEL_TRACES_EXPORTER: "none" })).toBeUndefined();
  for (const further of [
    { OTEL_TRACES_EXPORTER: "zipkin" },
    { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    { OTEL_TRACES_SAMPLER: "sometimes" },
  ]) {
    await expect(openTracing({ ...endpoint, ...further })).rejects.toMatchObject({ code: "USAGE" });
  }
  const off = await openTracing({ ...endpoint, OTEL_TRACES_SAMPLER: "parentbased_always_off" });
  const work = off!.start("a call", {}, {});
  expect(work.headers.traceparent).toMatch(/-00$/);
  work.end({}, false);
  await off!.close();
});
