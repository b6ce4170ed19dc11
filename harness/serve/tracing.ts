import type { IncomingHttpHeaders } from "node:http";
import type { Attributes, Context, Tracer } from "@opentelemetry/api";
import type { Sampler } from "@opentelemetry/sdk-trace";
import { BenchError } from "../contract/errors.js";
import { packageVersion } from "../contract/files.js";

/** A piece of work that is traced. */
export interface TracedWork {
  /** What goes along with a call to another server, so that its spans belong to the same trace. */
  readonly headers: Record<string, string>;
  /** A piece of this work. */
  child(name: string, attributes: Attributes): TracedWork;
  /** Ends it, once; later calls do nothing. */
  end(attributes: Attributes, failed: boolean): void;
}

/** Sends what calls took, and by whom they were answered, to a collector. */
export interface Tracing {
  /** Begins the work for a request, which belongs to the client's trace where its headers name one. */
  start(name: string, headers: IncomingHttpHeaders, attributes: Attributes): TracedWork;
  /** Sends what is left. */
  close(): Promise<void>;
}

/**
 * Opens tracing as the standard variables of OpenTelemetry say
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/): on with
 * `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, off with `OTEL_SDK_DISABLED=true` or
 * `OTEL_TRACES_EXPORTER=none`. Only then are its packages loaded.
 *
 * @throws USAGE for an exporter, a protocol or a sampler that there is not.
 */
export async function openTracing(environment: NodeJS.ProcessEnv): Promise<Tracing | undefined> {
  const endpoint = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  const exporter = environment.OTEL_TRACES_EXPORTER || "otlp";
  if (!endpoint || exporter === "none" || environment.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;
  if (exporter !== "otlp") throw unsupported("OTEL_TRACES_EXPORTER", exporter, "otlp or none");
  const [variable, protocol] = protocolOf(environment);
  if (protocol !== "http/protobuf") throw unsupported(variable, protocol, "http/protobuf");
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = await import("@opentelemetry/api");
  const sdk = await import("@opentelemetry/sdk-trace");
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = await import(
    "@opentelemetry/resources"
  );
  const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-proto");
  const { W3CTraceContextPropagator } = await import("@opentelemetry/core");
  const own = resourceFromAttributes({ "service.name": "bench-serve", "service.version": packageVersion() });
  const provider = new sdk.TracerProvider({
    sampler: samplerOf(environment, sdk),
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  const tracer = provider.getTracer("trace-bench", packageVersion());
  const propagator = new W3CTraceContextPropagator();
  const reading = { get: (from: IncomingHttpHeaders, key: string) => from[key], keys: Object.keys };
  const writing = {
    set(into: Record<string, string>, key: string, value: string) {
      into[key] = value;
    },
  };
  const begin = (by: Tracer, name: string, kind: number, attributes: Attributes, parent: Context): TracedWork => {
    const span = by.startSpan(name, { kind, attributes }, parent);
    const context = trace.setSpan(parent, span);
    const headers: Record<string, string> = {};
    propagator.inject(context, headers, writing);
    return {
      headers,
      child: (childName, own) => begin(by, childName, SpanKind.CLIENT, own, context),
      end(further, failed) {
        if (!span.isRecording()) return;
        span.setAttributes(further);
        if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  };
  return {
    start: (name, headers, attributes) =>
      begin(tracer, name, SpanKind.SERVER, attributes, propagator.extract(ROOT_CONTEXT, headers, reading)),
    close: () => provider.shutdown(),
  };
}

function protocolOf(environment: NodeJS.ProcessEnv): [string, string] {
  const ofTraces = environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL;
  if (ofTraces) return ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", ofTraces];
  return ["OTEL_EXPORTER_OTLP_PROTOCOL", environment.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf"];
}

/** `OTEL_TRACES_SAMPLER` with its `OTEL_TRACES_SAMPLER_ARG`. */
function samplerOf(environment: NodeJS.ProcessEnv, sdk: typeof import("@opentelemetry/sdk-trace")): Sampler {
  const name = environment.OTEL_TRACES_SAMPLER || "parentbased_always_on";
  const given = Number(environment.OTEL_TRACES_SAMPLER_ARG || 1);
  const ratio = given >= 0 && given <= 1 ? given : 1;
  const roots: Record<string, () => Sampler> = {
    always_on: () => new sdk.AlwaysOnSampler(),
    always_off: () => new sdk.AlwaysOffSampler(),
    traceidratio: () => new sdk.TraceIdRatioBasedSampler(ratio),
  };
  const based = /^parentbased_(.*)$/.exec(name)?.[1];
  const known = based ?? name;
  if (!Object.hasOwn(roots, known)) {
    throw unsupported("OTEL_TRACES_SAMPLER", name, "always_on, always_off, traceidratio, each also with parentbased_");
  }
  const root = roots[known]!();
  return based === undefined ? root : new sdk.ParentBasedSampler({ root });
}

const unsupported = (variable: string, value: string, known: string): BenchError =>
  new BenchError("USAGE", `${variable}=${value.slice(0, 100)} is not supported`, { fix: `Set it to ${known}.` });
