import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../../harness/contract/files.js";
import { words } from "../harness/cli/support.js";
import { Workspace } from "../harness/gate/workspace.js";

interface Step {
  name?: string;
  id?: string;
  uses?: string;
  run?: string;
  shell?: string;
  env?: Record<string, string>;
}

interface Action {
  inputs: Record<string, { default: string }>;
  runs: { using: string; steps: Step[] };
}

const action = parse(readFileSync(join(packageRoot, "action.yml"), "utf8")) as Action;
const workspace = new Workspace();
const directory = workspace.directory;

/** Writes a configuration of the method under test, which is gated against the blessed baseline. */
function configure(
  file: string,
  candidate: { plugins?: string[]; options?: object; orders: number; seeds: number[]; baseline?: string },
): void {
  const { plugins = [], options = {}, orders, seeds, baseline } = candidate;
  const trainers = [{ name: "memory-replay", label: "method", options }];
  const gate = { margins: { op: 0.12 }, maxOrders: 4, baseline };
  workspace.write(file, { suite: "words", plugins, trainers, orders, seeds, workers: 1, gate });
}

/** Runs a configuration as the action's step does, but in this process. */
async function run(file: string, out: string): Promise<void> {
  const { code, stderr } = await workspace.bench("run", "--config", file, "--out", out);
  expect(code, stderr).toBe(0);
}

/**
 * The steps of the action as a runner takes them: each script in bash -e, until one fails.
 *
 * @param from the first step: those before it have been taken, and would do nothing.
 */
function runAction(inputs: Record<string, string>, from = "Install bench") {
  const values = {
    ...Object.fromEntries(Object.entries(action.inputs).map(([key, { default: value }]) => [key, value])),
  };
  Object.assign(values, inputs);
  const fill = (text: string) =>
    text.replace(/\$\{\{ *([\w.-]+) *\}\}/g, (_whole, name: string) => {
      if (name === "github.action_path") return packageRoot;
      const value = values[name.replace(/^inputs\./, "")];
      if (value === undefined) throw new Error(`the action reads ${name}, which is no input`);
      return value;
    });
  const summary = join(directory, `${inputs.config}.summary.md`);
  const output = join(directory, `${inputs.config}.output`);
  const { steps } = action.runs;
  for (const { run, shell, env = {} } of steps.slice(steps.findIndex(({ name }) => name === from))) {
    if (run === undefined) continue;
    const filled = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)]));
    const { status, stderr } = spawnSync(shell!, ["--noprofile", "--norc", "-eo", "pipefail", "-c", run], {
      cwd: directory,
      encoding: "utf8",
      env: { ...process.env, ...filled, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
    });
    if (status !== 0) return { status, stderr, ...written(summary, output) };
  }
  return { status: 0, stderr: "", ...written(summary, output) };
}

const written = (summary: string, output: string) => ({
  summary: existsSync(summary) ? readFileSync(summary, "utf8") : "",
  output: existsSync(output) ? readFileSync(output, "utf8") : "",
});

beforeAll(async () => {
  await workspace.run("main");
  const blessed = await workspace.bench("gate", "bless", "main", "--reason", "the released version");
  if (blessed.code !== 0) throw new Error(blessed.stderr);
});

describe("the action", () => {
  test("passes the unchanged trainer with another seed, with a summary and a report", () => {
    configure("unchanged.yaml", { plugins: [words], orders: 4, seeds: [3] });
    const { status, stderr, summary, output } = runAction({ config: "unchanged.yaml", run: "runs/unchanged" });
    expect(status, stderr).toBe(0);
    expect(summary).toContain("✅ PASS: method against baseline main@1");
    expect(output).toBe("verdict=pass\n");
    for (const file of ["report/index.html", "gate/gate.json", "gate/gate.xml", "gate/gate.sarif"]) {
      expect(existsSync(join(directory, "runs/unchanged", file)), file).toBe(true);
    }
  });

  test("fails a planted regression", async () => {
    configure("regressed.yaml", { options: { epochs: 0 }, orders: 4, seeds: [1] });
    await run("regressed.yaml", "runs/regressed");
    const { status, summary, output } = runAction({ config: "regressed.yaml", run: "runs/regressed" }, "Gate");
    expect(status).toBe(1);
    expect(summary).toContain("❌ FAIL");
    expect(output).toBe("verdict=fail\n");
  });

  test("is inconclusive by too few orders, and passes that where it is allowed", async () => {
    configure("few.yaml", { orders: 1, seeds: [3] });
    await run("few.yaml", "runs/few");
    const { status, summary, output } = runAction({ config: "few.yaml", run: "runs/few" }, "Gate");
    expect(status).toBe(3);
    expect(summary).toContain("❔ INCONCLUSIVE");
    expect(output).toBe("verdict=inconclusive\n");
    const allowed = { config: "few.yaml", run: "runs/few", "allow-inconclusive": "true" };
    expect(runAction(allowed, "Gate").status).toBe(0);
  });

  test("tells a configuration that cannot be gated as an error", () => {
    configure("lost.yaml", { orders: 1, seeds: [3], baseline: "none" });
    const { status, output } = runAction({ config: "lost.yaml", run: "runs/few" }, "Gate");
    expect(status).toBe(2);
    expect(output).toBe("verdict=error\n");
  });

  test("is composite, takes other actions by version only, and lets no input into a script", () => {
    expect(action.runs.using).toBe("composite");
    for (const { uses, run, shell } of action.runs.steps) {
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
      else expect(shell).toBe("bash");
      expect(run ?? "").not.toContain("${{");
    }
  });
});
