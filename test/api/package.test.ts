import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../harness/contract/files.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "bench-api-")));
const words = join(packageRoot, "test", "fixtures", "plugins", "words.mjs");

/**
 * What the package publishes in an empty folder, with its production dependencies as this checkout has them. `npm pack`
 * compresses it, which takes longer than most tests, and is silent where a listed file is missing.
 */
beforeAll(() => {
  const modules = join(folder, "node_modules");
  const own = join(modules, "trace-bench");
  mkdirSync(own, { recursive: true });
  const { files } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { files: string[] };
  const archive = join(folder, "package.tar");
  command("sh", ["-c", `tar -cf "$0" package.json ${files.join(" ")}`, archive], packageRoot);
  command("tar", ["-xf", archive, "-C", own], folder);
  // What such a file names is not published, though `files` lists it.
  const published = readdirSync(own, { recursive: true, encoding: "utf8" });
  expect(published.filter((path) => /^\.(?:git|npm)ignore$/.test(basename(path)))).toEqual([]);
  const lock = JSON.parse(readFileSync(join(packageRoot, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev === true) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(packageRoot, path), join(modules, name));
  }
});

function command(program: string, given: readonly string[], cwd: string, variables: NodeJS.ProcessEnv = {}): string {
  const env = { ...process.env, ...variables };
  const { status, stdout, stderr } = spawnSync(program, given, { cwd, env, encoding: "utf8" });
  expect({ program, status, stderr: status === 0 ? "" : stderr + stdout }).toEqual({ program, status: 0, stderr: "" });
  return stdout;
}

/** Runs a program in the folder and returns the value that it prints as JSON. */
function program(text: string): unknown {
  writeFileSync(join(folder, "program.mjs"), text);
  return JSON.parse(command(process.execPath, ["program.mjs"], folder));
}

test("run, compare and gate, with events, from the published package", () => {
  const result = program(`
    import { bless, compare, gate, run } from "trace-bench";
    const events = [];
    const model = "node_modules/trace-bench/suites/trace-seq/model";
    const options = { trainers: ["bm25", "frozen"], plugins: [${JSON.stringify(words)}], model, seeds: 1, orders: 3, workers: 1, out: "run" };
    const first = await run("words", { ...options, onEvent: ({ type }) => events.push(type) });
    const again = await run("words", options);
    const { metrics } = compare("run:frozen", "run:bm25", ["op"])[0];
    bless("run:frozen", { name: "main", by: "a test", reason: "the first" });
    const { verdict } = await gate("run:bm25", { margins: { op: 0.5 } });
    const unjudged = await gate("run:bm25", { margins: { op: 0.02 }, baseline: "other" }).catch(({ code }) => code);
    const { status, leaderboard, failures, stored, report, run: { command } } = first;
    console.log(JSON.stringify({
      status, failures, stored, again: again.stored, same: JSON.stringify(first.matrices) === JSON.stringify(again.matrices),
      rows: leaderboard.leaderboard.map(({ trainer }) => trainer).sort(), report, command, verdict, unjudged,
      started: events.includes("run-started"), ended: events.at(-1), finished: events.filter((type) => type === "cell-finished").length,
      compared: metrics.map(({ key, orders }) => ({ key, orders })),
    }));
  `);
  expect(result).toEqual({
    ...{ status: "done", failures: [], stored: false, again: true, same: true },
    rows: ["bm25", "frozen"],
    report: join(folder, "run", "report", "index.html"),
    command: "node program.mjs",
    verdict: "pass",
    unjudged: "UNKNOWN_NAME",
    ...{ started: true, ended: "run-finished", finished: 6 },
    compared: [{ key: "op", orders: 3 }],
  });
});

test("evaluate a model, read another framework's matrix, load the built-in plug-ins", () => {
  const model = JSON.stringify(join(packageRoot, "test", "harness", "run", "fixtures", "model"));
  const result = program(`
    import { evaluate, loadRegistry, metrics } from "trace-bench";
    const options = { plugins: [${JSON.stringify(words)}], trainer: "memory-frozen", out: "evaluation" };
    const evaluated = await evaluate(${model}, "words", options);
    const values = metrics({ tasks: ["a", "b"], rows: [[80, 10], [60, 90]] }, { percent: true });
    const value = (key) => values.find((metric) => metric.key === key);
    const registry = await loadRegistry();
    console.log(JSON.stringify({
      suite: evaluated.suite.name, tasks: Object.keys(evaluated.tasks).length, asked: evaluated.asked > 0,
      op: value("op").value, forgetting: value("forgetting").value, missing: value("intransigence").value,
      trainers: registry.allTrainers().length > 20, suites: registry.allSuites().map(({ name }) => name).sort(),
    }));
  `);
  expect(result).toEqual({
    ...{ suite: "words", tasks: 3, asked: true },
    ...{ op: 0.75, forgetting: expect.closeTo(0.2, 12), missing: null },
    ...{ trainers: true, suites: expect.arrayContaining(["folder", "superni", "trace", "trace-seq"]) },
  });
});

test("what is wrong is thrown as a BenchError with code and fix; nothing is printed", () => {
  const result = program(`
    import { BenchError, run } from "trace-bench";
    const error = await run("trace-sec").catch((thrown) => thrown);
    const { code, fix, exitCode } = error;
    console.log(JSON.stringify({ known: error instanceof BenchError, code, fix, exitCode, set: process.exitCode ?? null }));
  `);
  expect(result).toEqual({
    ...{ known: true, code: "UNKNOWN_NAME", fix: 'Did you mean "trace-seq"?', exitCode: 2, set: null },
  });
});

test("the types resolve in a strict program, which has no types of Node", () => {
  writeFileSync(
    join(folder, "typed.ts"),
    `import { compare, errorCodes, evaluate, gate, loadRegistry, metrics, run } from "trace-bench";
import type { BenchError, Evaluation, GateResult, Plugin, Reporter, RunEvent, RunResult, Scorer } from "trace-bench";

const scorer: Scorer = {
  name: "same", version: 1, summary: "equal texts", source: "a test", options: {},
  score: (example, output) => {
    const score = example.references.includes(output) ? 1 : 0;
    return { score, extracted: score, valid: true };
  },
};
export const plugin: Plugin = { scorers: [scorer] };
export const finished = (event: RunEvent): string | undefined => event.type === "cell-finished" ? event.cell : undefined;
export const ran: Promise<RunResult> = run("trace-seq", { quick: true, seeds: 2, onEvent: (event) => void finished(event) });
export const asked: Promise<Evaluation> = evaluate("./model", "trace-seq", { quick: true });
export const judged: Promise<GateResult> = gate("runs/one", { margins: { op: 0.02 } });
export const code: BenchError["code"] = "USAGE";
export const exit: 2 = errorCodes.USAGE.exit;
export const values: (number | null)[] = metrics({ rows: [[1]] }).map(({ value }) => value);
export const differences: (number | null)[] = compare("a", "b").flatMap(({ tasks }) => tasks.map(({ difference }) => difference));
export const reporters: Promise<Reporter[]> = loadRegistry(["./plugin.mjs"]).then((registry) => registry.allReporters());
// @ts-expect-error seeds are a number
void run("trace-seq", { seeds: "two" });
`,
  );
  const settings = {
    compilerOptions: { strict: true, module: "nodenext", noEmit: true, types: [], skipDefaultLibCheck: true },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...settings, files: ["typed.ts"] }));
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
  // Each further thread checks again what all declarations need, and memory is enough to collect none of it.
  command(process.execPath, [join(dirname(compiler), "bin", "tsc"), "-p", folder, "--singleThreaded"], folder, {
    GOGC: "off",
  });
});
