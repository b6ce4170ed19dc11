import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { addVersion } from "../../../../harness/app/registry/add-version.js";
import { dropAlias, moveAlias } from "../../../../harness/app/registry/aliases.js";
import { verifyVersions } from "../../../../harness/app/registry/evaluations.js";
import { packageRoot } from "../../../../harness/contract/files.js";
import { random } from "../../../../harness/contract/random.js";
import type { RegistryEvent } from "../../../../harness/contract/registry.js";
import type { RolloutEvent } from "../../../../harness/contract/rollout.js";
import { ModelRegistry } from "../../../../harness/registry/model-registry.js";
import { follow, isOver, type Rollout } from "../../../../harness/rollout/state.js";
import { readJournal } from "../../../../harness/run/store/journal.js";
import { rooms } from "../../../../rooms.js";
import { embeddedModel } from "../../../files.js";
import { freePort } from "../support.js";
import { ask, type Seen, type Target } from "./client.js";
import { writeController } from "./controller.js";
import { startUpstream } from "./upstream.js";

/** What came of killing processes under load. */
export interface KillReport extends Omit<Seen, "recorded"> {
  /** By the kind of process. */
  kills: Record<string, number>;
  /** Feedback that was acknowledged. */
  recorded: number;
  /** Rollouts by their last phase. */
  rollouts: Record<string, number>;
  observations: number;
}

const policy =
  "steps: [20, 50]\nminimum: 4\npatience: 400\nalpha: 0.2\nmetrics:\n  resolved: { margin: 0.4 }\n  failed: { margin: 0.4, lowerIsBetter: true }\n";

/**
 * Kills (SIGKILL) a server that computes, a proxy and a controller of rollouts at random instants while clients ask, and
 * starts each again. `wrong` of the report has what must not be: an answer that is neither whole nor a clean error,
 * acknowledged feedback that no log has or has twice, a promotion that moved the alias twice or not at all, files that do
 * not follow from the log.
 *
 * @param directory an empty one.
 */
export async function killUnderLoad(
  directory: string,
  { kills, seed, clients }: { kills: number; seed: number; clients: number },
  said: (line: string) => void = () => undefined,
): Promise<KillReport> {
  const registry = join(directory, "registry");
  const options = { registry, by: "a test" };
  for (const version of [1, 2, 3]) {
    const checkpoint = join(directory, `checkpoint-${version}`);
    cpSync(embeddedModel, checkpoint, { recursive: true });
    writeFileSync(join(checkpoint, "README.md"), `${version}`);
    await addVersion("support", checkpoint, options, { builtIns: rooms });
  }
  await moveAlias("support@1", "champion", options);
  writeFileSync(join(directory, "policy.yaml"), policy);
  writeController(join(directory, "controller.mjs"), registry, join(directory, "policy.yaml"));

  const upstream = await startUpstream();
  const lives = new AbortController();
  try {
    const seen = await kill(directory, registry, upstream.root, { kills, seed, clients, lives: lives.signal }, said);
    const { rollouts, observations } = await checkState(registry, seen);
    return { ...seen, recorded: seen.recorded.length, rollouts, observations };
  } finally {
    lives.abort(); // what still runs where something threw
    upstream.close();
  }
}

/** Kills while clients ask, until there were so many kills; processes end with `lives` at the latest. */
async function kill(
  directory: string,
  registry: string,
  upstream: string,
  { kills, seed, clients, lives }: { kills: number; seed: number; clients: number; lives: AbortSignal },
  said: (line: string) => void,
): Promise<Seen & Pick<KillReport, "kills">> {
  const ports = [await freePort(), await freePort()] as const;
  const serve = (port: number, ...more: string[]) => [
    ...[join(packageRoot, "bin", "bench.js"), "serve", "support", "--registry", registry],
    ...["--port", `${port}`, "--advance", "1", "--threads", "1", "--timeout", "60", ...more],
  ];
  const behind = [1, 2, 3].flatMap((version) => ["--upstream", `support@${version}=${upstream}#support@${version}`]);
  const processes: Record<string, () => Promise<ChildProcess>> = {
    server: () => start(serve(ports[0]), directory, lives),
    proxy: () => start(serve(ports[1], ...behind), directory, lives),
    controller: () => start([join(directory, "controller.mjs"), `${turn++}`], directory, lives),
  };
  let turn = 0;
  const running = new Map<string, ChildProcess>();
  const begun = Object.entries(processes).map(async ([name, begin]) => running.set(name, await begin()));
  await Promise.all(begun);

  const seen: Seen = { answered: 0, refused: 0, broken: 0, recorded: [], wrong: [] };
  const targets: Target[] = [
    { address: `http://127.0.0.1:${ports[0]}`, expected: () => "Paris" },
    { address: `http://127.0.0.1:${ports[1]}`, expected: (version) => version },
  ];
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, lives]);
  const asking = Array.from({ length: clients }, (_, name) => ask(targets, name, seen, signal));
  const draw = random({ seed, stream: "kills" });
  const killed: Record<string, number> = { server: 0, proxy: 0, controller: 0 };
  let victims: string[] = [];
  for (let index = 0; index < kills; index++) {
    await setTimeout(200 + 800 * draw.uniform());
    if (victims.length === 0) victims = draw.shuffle(Object.keys(processes));
    const name = victims.pop()!;
    const victim = running.get(name)!;
    if (victim.exitCode !== null) seen.wrong.push(`the ${name} ended by itself: ${victim.exitCode}`);
    const ended = victim.exitCode === null && once(victim, "close");
    victim.kill("SIGKILL");
    await ended;
    killed[name]! += 1;
    running.set(name, await processes[name]!());
    if (index % 20 === 19) said(`${index + 1} kills: ${seen.answered} answers, ${seen.wrong.length} wrong`);
  }
  end.abort();
  await Promise.all(asking);
  for (const process of running.values()) {
    const ended = once(process, "close");
    process.kill(process === running.get("controller") ? "SIGKILL" : "SIGTERM");
    await ended;
  }
  return { ...seen, kills: killed };
}

/** Compares what logs, files and clients say. */
async function checkState(registry: string, seen: Seen): Promise<Pick<KillReport, "rollouts" | "observations">> {
  const { events } = readJournal<RegistryEvent>(join(registry, "log.jsonl"));
  const promotions = events.filter((event) => event.type === "alias-moved" && event.alias === "champion").slice(1);
  const directory = join(registry, "rollouts", "support");
  const count = existsSync(directory) ? readdirSync(directory).filter((file) => file.endsWith(".jsonl")).length : 0;
  const rollouts: Record<string, number> = {};
  const requests = new Map<string, number>();
  let expected = 0;
  for (let number = 1; number <= count; number++) {
    const log = readJournal<RolloutEvent>(join(directory, `${number}.jsonl`));
    const rollout = log.events.reduce<Rollout | undefined>(follow, undefined);
    if (rollout === undefined) continue; // its process was killed before it wrote the first event
    rollouts[rollout.phase] = (rollouts[rollout.phase] ?? 0) + 1;
    if (!isOver(rollout) && number < count) seen.wrong.push(`rollout ${number} is ${rollout.phase}, and not the last`);
    const ends = rollout.history.filter(({ type }) => type === "promoted").length;
    if (ends > 1) seen.wrong.push(`rollout ${number} was promoted ${ends} times`);
    // the alias of a promotion that was interrupted has moved, or not yet
    const last = promotions[expected];
    if (rollout.phase === "promoted" || (rollout.phase === "promoting" && last !== undefined)) {
      expected += 1;
      const { candidate, champion } = rollout;
      if (last?.type !== "alias-moved" || last.from !== champion || last.to !== candidate) {
        seen.wrong.push(
          `rollout ${number} of ${candidate} against ${champion} moved the alias: ${JSON.stringify(last)}`,
        );
      }
    }
    for (const { metric, request } of Object.values(rollout.observations).flat()) {
      if (metric === "resolved") requests.set(request!, (requests.get(request!) ?? 0) + 1);
    }
  }
  if (promotions.length !== expected)
    seen.wrong.push(`${promotions.length} moves of the alias, ${expected} promotions`);
  for (const [request, times] of requests) if (times > 1) seen.wrong.push(`${request} counts ${times} times`);
  for (const id of seen.recorded) if (!requests.has(id)) seen.wrong.push(`${id} was acknowledged and is lost`);
  // a snapshot that a kill left behind is written anew by the next change
  await moveAlias("support@1", "after", { registry, by: "a test" });
  await dropAlias("support", "after", { registry, by: "a test" });
  const { versions, state } = await verifyVersions({ registry });
  if (!state) seen.wrong.push("state.json is not what the log adds up to");
  if (versions.some(({ damage }) => damage.length > 0)) seen.wrong.push("files of a version are damaged");
  if (new ModelRegistry(registry).read().models.support!.versions.length !== 3) seen.wrong.push("a version is lost");
  return { rollouts, observations: requests.size };
}

/** Starts a program; resolves when it says that it works. It is killed with the end of `lives`. */
async function start(words: readonly string[], directory: string, lives: AbortSignal): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, words, {
    ...{ cwd: directory, stdio: ["ignore", "pipe", "pipe"] },
    ...{ signal: lives, killSignal: "SIGKILL" },
  });
  process_.on("error", () => undefined); // where it was killed so; one that does not start ends without a word
  let errors = "";
  process_.stderr.on("data", (text) => {
    errors = `${errors}${text}`.slice(-5000);
  });
  const works = await Promise.race([once(process_.stdout, "data"), once(process_, "close").then(() => undefined)]);
  if (works === undefined) throw new Error(`${words.join(" ")} ended: ${errors}`);
  process_.stdout.resume();
  return process_;
}
