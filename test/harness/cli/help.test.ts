import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { newDirectory } from "../../files.js";
import { bench, benchProcess } from "./support.js";

const verbs = [
  "run",
  "tune",
  "evaluate",
  "watch",
  "history",
  "report",
  "registry add",
  "registry alias",
  "registry list",
  "leaderboard",
  "compare",
  "gate",
  "gate bless",
  "gate acknowledge",
  "claims",
  "metrics",
  "export",
  "list",
  "show",
  "validate",
  "init",
  "init suite",
  "new trainer",
  "doctor",
  "engine install",
  "completion",
];

const directory = newDirectory();

describe("help", () => {
  it("greets who comes without arguments", async () => {
    expect(await benchProcess([], directory)).toMatchInlineSnapshot(`
      {
        "code": 0,
        "signal": null,
        "stderr": "",
        "stdout": "bench measures the continual learning of language models: what did the model gain,
      what did it forget, and what did that cost?

        bench run trace-seq          train seven methods on eight tasks in sequence, compare what they learned and forgot
        bench run trace-seq --quick  the same, smaller: one minute
        bench doctor                 what this machine has, and what is missing

      \`bench --help\` lists all verbs, \`bench <verb> --help\` explains one.
      ",
      }
    `);
  });

  it("lists the verbs", async () => {
    const { stdout, code } = await bench(["--help"], directory);
    expect(code).toBe(0);
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^ {2}${verb.split(" ")[0]} `, "m"));
  });

  it.each(verbs)("%s: examples and --json", async (verb) => {
    const { stdout, stderr, code } = await bench([...verb.split(" "), "--help"], directory);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain(`Usage: bench ${verb}`);
    expect(stdout).toContain("--json");
    expect(stdout).toMatch(/Examples:\n {2}\S/);
    expect(stdout).toContain(`bench ${verb}`);
  });

  it("has every flag of `run`", async () => {
    const { stdout } = await bench(["run", "--help"], directory);
    expect(stdout.match(/^ {2}(-h, )?--[a-z-]+/gm)?.map((flag) => flag.trim())).toEqual([
      ...["--trainers", "--orders", "--seeds", "--config", "--from-checkpoint", "--strict", "--evaluate-every"],
      ...["--evaluate-items", "--fail-on", "--isolate", "--suite", "--quick"],
      ...["--model", "--workers", "--threads", "--device", "--engine", "--dtype"],
      ...["--python", "--chat", "--devices-per-cell"],
      ...["--retry-failed", "--dry-run", "--out", "--keep-checkpoints", "--reporter", "--quiet", "--on", "--store"],
      ...["--plugin", "--json", "--stack", "-h, --help"],
    ]);
  });

  it("prints its version", async () => {
    expect((await benchProcess(["--version"], directory)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a wrong command line ends with 2 and says what was meant", () => {
  it.each([
    [["rnu"]],
    [["run", "--orderz", "3"]],
    [["run", "--seeds", "many"]],
    [["run", "--orders", "0"]],
    [["run", "--keep-checkpoints", "some"]],
    [["run", "--trainers", "replay,,ewc"]],
    [["run", "a", "b"]],
    [["leaderboard"]],
    [["metrics"]],
    [["list", "trainrs"]],
    [["completion", "bsh"]],
    [["new", "trainer", "../x"]],
  ])("%j", async (words) => {
    const { code, stdout, stderr } = await bench(words, directory);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatchSnapshot();
  });

  it("shows the help of a verb that lacks its own verb", async () => {
    const { code, stderr } = await bench(["new"], directory);
    expect(code).toBe(2);
    expect(stderr).toContain("trainer");
  });
});

describe("completion", () => {
  it.each(["zsh", "fish"])("%s knows verbs, verbs of verbs, flags, suites and trainers", async (shell) => {
    const { stdout, code } = await bench(["completion", shell], directory);
    expect(code).toBe(0);
    for (const word of verbs.flatMap((verb) => verb.split(" "))) expect(stdout).toContain(word);
    for (const word of ["keep-checkpoints", "trace-seq", "lora-per-task", "acknowledge"])
      expect(stdout).toContain(word);
  });

  it("bash completes a line", async () => {
    const { stdout: script } = await bench(["completion", "bash"], directory);
    const completed = (...words: string[]) => {
      const run = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bench; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = spawnSync("bash", ["-c", run, "bash", "bench", ...words], {
        cwd: directory,
        encoding: "utf8",
      });
      return stdout.trim().split("\n");
    };
    expect(completed("wat")).toEqual(["watch"]);
    expect(completed("run", "trace-")).toEqual(["trace-seq", "trace-seq-validation"]);
    expect(completed("run", "--trainers", "sequ")).toEqual(["sequential"]);
    expect(completed("run", "--trainers", "frozen,sequ")).toEqual(["frozen,sequential"]);
    expect(completed("run", "--chat", "")).toEqual(["auto", "never"]);
    expect(completed("gate", "ackn")).toEqual(["acknowledge"]);
    expect(completed("gate", "acknowledge", "bwt", "--unt")).toEqual(["--until"]);
    expect(completed("tune", "lora-p")).toEqual(["lora-per-task"]);
    expect(completed("list", "repo")).toEqual(["reporters"]);
    expect(completed("show", "learningAcc")).toEqual(["learningAccuracy"]);
  });
});
