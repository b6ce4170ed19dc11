import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { readAlertSettings } from "../config/alert-settings.js";
import { checkOptions, evaluator, readConfig, resolveConfig } from "../config/index.js";
import type { RunConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import type { RegistryState } from "../contract/registry.js";
import { inputText } from "../contract/suite.js";
import type { Registry } from "../plugins.js";
import { findVersion, ModelRegistry } from "../registry/model-registry.js";
import { RolloutLog } from "../rollout/rollout-log.js";
import { watchedProbes } from "../run/alerts/detect.js";
import { openWebhook } from "../run/alerts/webhook.js";
import { optionsFor } from "../run/evaluate/evaluate.js";
import { chooseEngine } from "../run/plan/engine.js";
import { loadSuite } from "../run/plan/inputs.js";
import type { Backend } from "../serve/api.js";
import { isLoopback } from "../serve/guard.js";
import type { HeldOutItem } from "../serve/held-out.js";
import { LocalBackend } from "../serve/local/backend.js";
import type { MonitorSettings } from "../serve/monitor/monitor.js";
import { ProxyBackend, parseUpstream, type Upstream } from "../serve/proxy-backend.js";
import { type ModelServer, modelServer } from "../serve/server.js";
import type { ShadowSettings } from "../serve/shadow.js";
import { openTracing } from "../serve/tracing.js";
import { type AppContext, registryFor, specifiersFor } from "./context.js";
import { advanceRollout, intervene, observeRequests, observeRows, statusOf } from "./rollout.js";
import { listening, readKeys, textOf } from "./serving/listening.js";

/** How models are served. */
export interface ServeOptions extends Partial<Pick<RunConfig, "engine" | "device" | "dtype" | "python" | "chat">> {
  registry: string;
  host: string;
  port: number;
  /** A file with a key a line, or env:NAME. */
  keys?: string;
  /** The same, of those who may also add observations to rollouts and end them. */
  operatorKeys?: string;
  /** Servers that compute versions, such as `support@3=http://127.0.0.1:8000/v1#name`. */
  upstream?: string[];
  /** The key of all of them, as env:NAME. */
  upstreamKey?: string;
  /** A version that is asked too and answers nobody, with its share of the calls, such as `support@4:10`. */
  shadow?: string;
  pending: number;
  timeout: number;
  /** MiB of blocks of prompts that each version keeps; 0 for none. */
  promptCache: number;
  loaded: number;
  advance: number;
  /** A suite whose test items and probes are put to candidate and champion. */
  probe?: string;
  /** Items of each of its tasks and probes at a time. */
  probeItems: number;
  /** Seconds between two looks at the champions; 0 for none. */
  monitor: number;
  /** Calls of a window that is compared with the first one. */
  monitorCalls: number;
  /** A configuration file, of whose section `alerts` thresholds and webhook are taken. */
  alerts?: string;
  threads?: number;
  plugins?: string[];
}

/** A server that listens. */
export interface ServingModels {
  address: string;
  server: ModelServer;
}

/**
 * Serves versions of a registry by OpenAI's API, and carries out their rollouts.
 *
 * @param names of the models.
 * @param log hears what went wrong and what was done.
 * @throws USAGE for settings that do not go together, UNKNOWN_NAME, STORAGE, and what opening a model throws.
 */
export async function serveModels(
  names: readonly string[],
  options: ServeOptions,
  context: Pick<AppContext, "builtIns">,
  log: (line: string) => void,
): Promise<ServingModels> {
  const { registry: directory, host, port } = options;
  const models = new ModelRegistry(directory);
  const state = models.read();
  for (const name of names) findVersion(state, name);
  const keys = readKeys(options.keys, "--keys");
  const operatorKeys = readKeys(options.operatorKeys, "--operator-keys");
  requireKeys(host, keys);
  const plugins = await registryFor(context, options.plugins);
  const upstreams = readUpstreams(options, state);
  const by = `bench serve on ${host}:${port}`;
  const logs = new Map(names.map((name) => [name, new RolloutLog(directory, name)]));
  const logOf = (name: string): RolloutLog => logs.get(name)!;
  const tracing = await openTracing(process.env);
  const server = modelServer({
    ...(tracing !== undefined && { tracing }),
    ...{ registry: directory, names, keys, operatorKeys, log, secret: secretOf(directory) },
    ...(options.shadow !== undefined && { shadow: readShadow(options.shadow, names, state) }),
    ...{ mostPending: options.pending, timeoutSeconds: options.timeout, mostBytes: 4 * 2 ** 20 },
    ...{ mostVersions: options.loaded, advanceSeconds: options.advance },
    ...(options.probe !== undefined && {
      heldOut: { items: await heldOutItems(options.probe, plugins), each: options.probeItems },
    }),
    ...(options.monitor > 0 && { monitor: monitorSettings(options) }),
    open: (name, version) => {
      const upstream = upstreams.get(`${name}@${version}`);
      if (upstream !== undefined) return Promise.resolve(new ProxyBackend(upstream, options.pending));
      const { version: record } = findVersion(models.read(), `${name}@${version}`);
      return openHere(models.pathOf(record), options, plugins, context);
    },
    record: (name, observed) => observeRequests(logOf(name), observed),
    rollouts: {
      status(name) {
        const { rollout, percent, decision } = statusOf(logOf(name).read());
        const { phase, candidate, champion } = rollout;
        return { phase, candidate, champion, percent, decision };
      },
      advance: async (name) => (await advanceRollout(logOf(name), { registry: directory, by }))?.decision,
      observe: (name, observations) => observeRows(logOf(name), observations),
      abort: async (name, reason) => {
        await intervene(name, "aborted", { registry: directory, by, reason });
      },
    },
  });
  return listening(server, host, port);
}

/** Throws CONFIG_SYNTAX, CONFIG_INVALID, also for a webhook without an address. */
function monitorSettings({ monitor, monitorCalls, alerts: file }: ServeOptions): MonitorSettings {
  const alerts = readAlertSettings(file);
  const webhook = alerts.webhook && openWebhook(alerts.webhook);
  return {
    ...{ everySeconds: monitor, calls: monitorCalls, alerts },
    send: async (alert) => {
      await webhook?.deliver({ schema: "monitor-alert@1", text: alert.text, alert });
    },
  };
}

/**
 * Test items, shifted ones and probes of a suite as observations of `task.<id>`, `shifted.<id>` and `probe.<id>`. Those
 * chosen by likelihood are left out.
 */
async function heldOutItems(reference: string, plugins: Registry): Promise<HeldOutItem[]> {
  const { suite: chosen, quick } = resolveConfig(readConfig(undefined, { reference, trainers: [] }), plugins);
  const suite = await loadSuite({ suite: chosen, quick }, plugins);
  const sets = [
    ...suite.tasks.map((task) => ({ set: "task", kind: "task" as const, task, examples: task.test })),
    ...suite.tasks.map((task) => ({ set: "shifted", kind: "ability" as const, task, examples: task.shifted ?? [] })),
    ...suite.probes.map((probe) => {
      const kind = watchedProbes[probe.kind] as HeldOutItem["kind"];
      return { set: "probe", kind, task: probe, examples: probe.examples };
    }),
  ];
  return sets.flatMap(({ set, kind, task, examples }) => {
    if (task.mode === "likelihood") return [];
    const scorer = plugins.scorer(task.scorer.name);
    const scorerOptions = optionsFor(scorer, task.scorer);
    return examples.map((example) => ({
      ...{ metric: `${set}.${task.id}`, kind, id: `${set}.${task.id}.${example.id}`, prompt: inputText(example.input) },
      ...{ maxNewTokens: task.maxNewTokens, stop: task.stop },
      score: (answer: string) => scorer.score(example, answer, scorerOptions).score,
    }));
  });
}

/** Opens a model, by what `ModelRegistry.pathOf` says, in a thread of this process. */
async function openHere(
  model: string,
  { device = "cpu", threads, chat, plugins: further, ...settings }: ServeOptions,
  plugins: Registry,
  context: Pick<AppContext, "builtIns">,
): Promise<Backend> {
  const { name: trainer } = evaluator(plugins.allTrainers(), "checkpoint");
  const { options: schema } = plugins.trainer(trainer);
  const format = plugins.modelFor(model);
  const checkpoint = await format.open?.(model);
  const { engine, dtype, python, promptCache } = settings;
  const { engine: chosen, devices } = await chooseEngine({ engine, device, dtype, python }, checkpoint, [], plugins);
  const [own] = devices.slots as [string];
  if (device.includes(",")) {
    throw new BenchError("CONFIG_INVALID", "a server computes a model on one device", {
      fix: "Name one after --device.",
    });
  }
  const { chatTemplate } = await format.inspect(model);
  return LocalBackend.open({
    ...{ plugins: specifiersFor(context, further), trainer, model, device: own },
    // the model's own context is the limit, not that of a benchmark
    options: checkOptions(schema, { maxTokens: Number.MAX_SAFE_INTEGER }, `trainer "${trainer}"`),
    engine: chosen?.name,
    compute: { dtype, python, promptBytes: promptCache * 2 ** 20 },
    threads: threads ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    chat: chatTemplate === true && chat !== "never",
  });
}

function requireKeys(host: string, keys: readonly string[]): void {
  if (keys.length > 0 || isLoopback(host)) return;
  throw new BenchError("USAGE", `without keys, whoever reaches ${host} could ask the models and decide rollouts`, {
    fix: "Give keys (--keys keys.txt), or listen on this machine alone (--host 127.0.0.1).",
  });
}

function readUpstreams({ upstream = [], upstreamKey }: ServeOptions, state: RegistryState): Map<string, Upstream> {
  const key = upstreamKey === undefined ? undefined : textOf(upstreamKey, "--upstream-key").trim();
  return new Map(
    upstream.map((text) => {
      const end = text.indexOf("=");
      if (end <= 0) {
        throw new BenchError("USAGE", `--upstream ${text} names no version`, {
          fix: "Give it as name@version=http://host:port/v1.",
        });
      }
      const { version } = findVersion(state, text.slice(0, end));
      return [`${version.name}@${version.version}`, parseUpstream(text.slice(end + 1), key)];
    }),
  );
}

function readShadow(text: string, names: readonly string[], state: RegistryState): ShadowSettings {
  const [reference, share] = text.split(":") as [string, string?];
  const { version } = findVersion(state, reference);
  const percent = share === undefined ? 100 : Number(share);
  if (names.includes(version.name) && percent > 0 && percent <= 100) {
    return { name: version.name, version: version.version, percent };
  }
  throw new BenchError("USAGE", `--shadow ${text} is not a version of a served model with a share of its calls`, {
    fix: "Give it as name@version:percent, such as support@4:10.",
  });
}

/** What signs the ids of answers: made once for a registry, for its owner's eyes alone. */
function secretOf(registry: string): Uint8Array {
  const file = resolve(join(registry, "serve.key"));
  try {
    mkdirSync(registry, { recursive: true });
    writeFileSync(file, randomBytes(32).toString("hex"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new BenchError("STORAGE", `${file} cannot be written: ${(error as Error).message}`, {
        fix: "Check the free space and the permissions of that path, or give another --registry.",
        at: { file },
        cause: error,
      });
    }
  }
  const secret = Buffer.from(readFileSync(file, "utf8"), "hex");
  if (secret.length === 32) return secret;
  throw new BenchError("STORAGE", `${file} is no key of ids`, { fix: "Delete it: a new one is made.", at: { file } });
}
