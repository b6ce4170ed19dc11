import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { packageRoot } from "../../harness/contract/files.js";

/**
 * Two whole rollouts of trained checkpoints, by the command line alone: the champion has learned half of the tasks of trace-seq
 * (--quick) with replay. A candidate that learned all of them with replay takes its place; one that learned them by plain
 * fine-tuning forgot, and goes back while a part of the users has it. Retention of the champion's tasks is what the policy looks at: the
 * server puts their test items to both versions.
 */
const directory = mkdtempSync(join(tmpdir(), "bench-canary-"));
const entry = join(packageRoot, "bin", "bench.js");

function bench(...given: string[]): string {
  console.log(`\n$ bench ${given.join(" ")}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...given], {
    cwd: directory,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}${stdout}`);
  return stdout;
}

bench("run", "trace-seq", "--quick", "--trainers", "replay,sequential", "--keep-checkpoints", "all", "--out", "run");
const run = JSON.parse(readFileSync(join(directory, "run", "run.json"), "utf8")) as {
  cells: { id: string; trainer: string }[];
  orders: { tasks: string[] }[];
};
const cellOf = (trainer: string): string => `run/${run.cells.find((cell) => cell.trainer === trainer)!.id}`;
const { tasks } = run.orders[0]!;
const learned = tasks.slice(0, tasks.length / 2);

bench("registry", "add", "support", `${cellOf("replay")}:${learned.at(-1)!}`, "--reason", "half of the tasks");
bench("registry", "alias", "support@1", "champion");
bench("registry", "add", "support", cellOf("replay"), "--parent", "support@1", "--reason", "all tasks, replay");
bench("registry", "add", "support", cellOf("sequential"), "--parent", "support@1", "--reason", "all tasks, fine-tuned");

const metrics = learned.map((task) => `  task.${task}: { margin: 0.25 }`).join("\n");
writeFileSync(join(directory, "policy.yaml"), `steps: [10, 50]\nminimum: 12\npatience: 80\nmetrics:\n${metrics}\n`);

for (const version of [3, 2]) {
  bench("rollout", "start", `support@${version}`, "--policy", "policy.yaml", "--reason", "weekly checkpoint");
  const { versions, actions } = await served();
  console.log(actions.join("\n"));
  console.log(bench("rollout", "status", "support").trimEnd());
  console.log(`users were answered by ${JSON.stringify(versions)}`);
}
console.log(bench("registry", "show", "support").trimEnd());
rmSync(directory, { recursive: true, force: true });

/** Serves until the rollout is over, while users ask. */
async function served(): Promise<{ versions: Record<string, number>; actions: string[] }> {
  const given = ["serve", "support", "--probe", "trace-seq", "--probe-items", "12", "--advance", "1"];
  console.log(`\n$ bench ${given.join(" ")}`);
  const words = [entry, ...given, "--port", "0", "--json"];
  const server = spawn(process.execPath, words, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
  let [output, log] = ["", ""];
  server.stdout.on("data", (text) => {
    output += text;
  });
  server.stderr.on("data", (text) => {
    log += text;
  });
  while (!output.includes("}")) await pause(100);
  const { address } = JSON.parse(output) as { address: string };
  const versions: Record<string, number> = {};
  for (let user = 0; !/promote|roll back|pause/.test(log); user++) {
    const body = JSON.stringify({
      model: "support",
      prompt: "Question: 2 + 3\nAnswer:",
      max_tokens: 4,
      user: `user-${user}`,
    });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${address}/v1/completions`, { method: "POST", headers, body });
    if (answer.status !== 200) throw new Error(await answer.text());
    const version = answer.headers.get("x-bench-version")!;
    versions[version] = (versions[version] ?? 0) + 1;
    await answer.arrayBuffer();
    await pause(20);
  }
  server.kill("SIGTERM");
  await ended;
  return { versions, actions: log.trim().split("\n") };
}
