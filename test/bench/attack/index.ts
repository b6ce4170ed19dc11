import { type ChildProcess, fork } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Ending, Outcome } from "./kind.js";
import { kinds } from "./kinds/index.js";
import type { Try } from "./worker.js";

/**
 * Attacks bench with whatever people, servers, plug-ins and accidents could give it, and counts what survives: errors
 * without a code, what hangs or ends the process, and changes that nobody notices. Seeded and resumable.
 *
 *   npm run attack -- [--tries 2000] [--seed 1] [--minutes 9] [--out attack] [--only "kind"[:index]]
 */
const { values: flags } = parseArgs({
  options: {
    tries: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "9" },
    out: { type: "string", default: "attack" },
    only: { type: "string" },
  },
});
const [seed, tries, minutes] = [flags.seed, flags.tries, flags.minutes].map(Number) as [number, number, number];

/** Seconds after which a try counts as hanging, its preparation and a kill's several runs apart; on a core of its own. */
const [trySeconds, slowSeconds] = [20, 180];

/** How many processes share a core now: a try that waits for a core does not hang. */
const crowd = (): number => Math.max(1, loadavg()[0]! / availableParallelism());

const log = join(flags.out, `seed-${seed}.jsonl`);
mkdirSync(flags.out, { recursive: true });

interface Done extends Try, Outcome {}

const done: Done[] = existsSync(log)
  ? readFileSync(log, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];

/** All tries, spread so that each part of them has every kind. */
function planned(): Try[] {
  const [only, index] = flags.only?.split(":") ?? [];
  if (index !== undefined) return [{ seed, kind: only!, index: Number(index) }];
  const chosen = kinds.filter(({ name }) => only === undefined || name === only);
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const all = chosen.flatMap(({ name, share }) => {
    const count = Math.max(1, Math.round((tries * share) / shares));
    return Array.from({ length: count }, (_, number) => ({
      seed,
      kind: name,
      index: number,
      at: (number + 0.5) / count,
    }));
  });
  const known = new Set(done.map(({ kind, index: number }) => `${kind}:${number}`));
  return all.sort((a, b) => a.at - b.at).filter(({ kind, index: number }) => !known.has(`${kind}:${number}`));
}

let worker: ChildProcess | undefined;

/** Has a worker do one try; a worker that does not answer in time, or dies, is replaced. */
function attempt(one: Try): Promise<Outcome> {
  worker ??= fork(new URL("./worker.js", import.meta.url), { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const own = worker;
  return new Promise((resolve) => {
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      own.removeAllListeners();
      if (outcome.ending === "hang" || outcome.ending === "died") {
        own.kill("SIGKILL");
        worker = undefined;
      }
      resolve(outcome);
    };
    const wait = (least: number) => {
      const seconds = Math.round(least * crowd());
      return setTimeout(() => end({ ending: "hang", detail: `no answer in ${seconds} s` }), 1000 * seconds);
    };
    let timer = wait(slowSeconds);
    own.on("message", (message: Outcome | "prepared") => {
      clearTimeout(timer);
      if (message === "prepared") timer = wait(one.kind === "kill" ? slowSeconds : trySeconds);
      else end(message);
    });
    own.on("exit", (code, signal) => end({ ending: "died", detail: `the process ended: ${signal ?? code}` }));
    own.send(one);
  });
}

const bad: readonly Ending[] = ["internal", "hang", "died", "undetected"];

const stop = performance.now() + 60_000 * minutes;
let left = 0;
for (const one of planned()) {
  if (performance.now() > stop) {
    left += 1;
    continue;
  }
  const outcome = { ...one, ...(await attempt(one)) };
  done.push(outcome);
  const { detail, ...line } = outcome;
  if (flags.only === undefined) appendFileSync(log, `${JSON.stringify(line)}\n`);
  if (!bad.includes(outcome.ending)) continue;
  const file = join(flags.out, `seed-${seed}-${one.kind.replace(/\W+/g, "-")}-${one.index}.txt`);
  const again = `npm run attack -- --seed ${seed} --only "${one.kind}:${one.index}"`;
  writeFileSync(file, `${outcome.ending}\n${again}\n\n${detail ?? ""}\n`);
  process.stderr.write(`${outcome.ending}: ${file}\n`);
}
worker?.disconnect();

const columns = ["refused", "unchanged", "accepted", ...bad] as const;
const row = (name: string, counts: readonly (string | number)[]) =>
  `| ${name.padEnd(26)} | ${counts.map((count) => String(count).padStart(10)).join(" | ")} |`;
process.stdout.write(`${row("what is attacked", ["tries", ...columns])}\n`);
for (const name of [...kinds.map((kind) => kind.name), "all"]) {
  const own = done.filter(({ kind }) => name === "all" || kind === name);
  const counts = columns.map((ending) => own.filter((one) => one.ending === ending).length);
  if (own.length > 0) process.stdout.write(`${row(name, [own.length, ...counts])}\n`);
}
if (left > 0) process.stdout.write(`${left} tries are left: the same command goes on with them.\n`);
process.exitCode = done.some(({ ending }) => bad.includes(ending)) ? 1 : 0;
