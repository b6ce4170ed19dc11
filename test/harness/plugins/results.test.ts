import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { computeMetrics } from "../../../harness/metrics/index.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { observedDisplay, silentDisplay } from "../../../harness/run/display/index.js";
import { newDirectory } from "../../files.js";
import { bench, fixture, type Spoken, words } from "../cli/support.js";
import { matrixOf } from "../metrics/matrix.js";

const results = fixture("results.mjs");
const directory = newDirectory();
const trainers = ["memory-sequential", "memory-joint"];
const read = (...path: string[]) => JSON.parse(readFileSync(join(directory, ...path), "utf8"));

describe("a metric of a plug-in", () => {
  const known = async () => (await loadRegistry([results])).allMetrics();

  it("is computed as the built-in ones are, with joint training where it declares that", async () => {
    const matrix = matrixOf([
      [0.1, 0.2],
      [0.9, 0.3],
      [0.5, 0.8],
    ]);
    const alone = computeMetrics(matrix, undefined, await known());
    expect(alone.lastTask).toEqual({ value: 0.8 });
    expect(alone.belowJoint).toEqual({ value: null, reason: expect.stringContaining("joint") });
    const joint: MatrixRecord = matrixOf([
      [0.1, 0.2],
      [null, null],
      [0.75, 0.9],
    ]);
    expect(computeMetrics(matrix, joint, await known()).belowJoint).toEqual({ value: 0.25 });
    expect(alone.op).toEqual(computeMetrics(matrix).op);
  });

  it("is missing with the reason where a score is missing, or where it fails", async () => {
    const values = computeMetrics(matrixOf([[0.1], [null]]), matrixOf([[0.1], [0.2]]), await known());
    expect(values.lastTask!.reason).toContain("was not measured");
    expect(values.undeclared!.reason).toContain("without declaring needsJoint");
    expect(values.broken).toEqual({ value: null, reason: "its formula fails: no such luck" });
    expect(values.endless).toEqual({ value: null, reason: "its formula gives no finite number" });
  });
});

it("an observer that throws is named in a notice and called no more; others hear everything", () => {
  const notices: string[] = [];
  const heard: string[] = [];
  const display = {
    ...silentDisplay(),
    show: (event: { type: string; text?: string }) => void (event.type === "notice" && notices.push(event.text!)),
  };
  const observed = observedDisplay(display, [
    {
      name: "refuses",
      start: () => {
        throw new Error("not today");
      },
    },
    {
      name: "stops",
      start: () => () => {
        heard.push("stops");
        throw new Error("enough");
      },
    },
    { name: "hears", start: () => (event) => heard.push(event.type) },
  ]);
  observed.show({ type: "cell-cancelled", cell: "a" });
  observed.show({ type: "cell-cancelled", cell: "b" });
  expect(heard).toEqual(["stops", "cell-cancelled", "cell-cancelled"]);
  expect(notices).toEqual([
    "refuses no longer follows this run: not today",
    "stops no longer follows this run: enough",
  ]);
});

describe("a run with metrics and reporters of a plug-in", () => {
  let run: Spoken;
  const config = join(directory, "bench.yaml");

  beforeAll(async () => {
    const plugins = `plugins: [${JSON.stringify(results)}]`;
    const chosen = "metrics: [op, lastTask, belowJoint]\nreporters: [ticker, stumbler, html]\n";
    writeFileSync(config, `suite: words\ntrainers: [${trainers}]\n${plugins}\n${chosen}`);
    run = await bench(["run", "--config", config, "--out", "run", "--workers", "1"], directory, { COLUMNS: "160" }, [
      words,
    ]);
  });

  it("has the chosen columns in the terminal and on the page", () => {
    expect(run.stdout).toMatch(/trainer +OP +lastTask +belowJoint/);
    expect(run.stdout).toContain("lastTask: The metric lastTask");
    expect(run.stdout).not.toContain("BWT");
    const page = readFileSync(join(directory, "run", "report", "index.html"), "utf8");
    expect(page).toContain("The metric lastTask");
    expect(page).toContain("formula of belowJoint");
  });

  it("is followed and rendered by the chosen reporters; one that fails costs a notice and its own file", () => {
    const events = readFileSync(join(directory, "run", "report", "events.jsonl"), "utf8")
      .trim()
      .split("\n");
    const types = events.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types).toContain("run-started");
    expect(types.at(-1)).toBe("run-finished");
    expect(types.filter((type) => type === "cell-finished")).toHaveLength(2);
    expect(read("run", "report", "ticker.json")).toMatchObject({ columns: ["op", "lastTask", "belowJoint"] });
    expect(run.stderr).toContain("stumbler no longer follows this run: it stumbled");
    expect(run.stderr).toContain("it fell");
    expect(run.stderr).toContain("2 cells done");
    expect(run.code).toBe(1);
  });

  it("computes the same cells as a run without them", async () => {
    const plain = ["run", "words", "--trainers", `${trainers}`, "--out", "plain", "--reporter", "json"];
    const spoken = await bench([...plain, "--workers", "1", "--json"], directory, {}, [words]);
    expect(spoken.code, spoken.stderr).toBe(0);
    expect(JSON.parse(spoken.stdout).report).toBe(join(directory, "plain", "report", "leaderboard.json"));
    expect(readdirSync(join(directory, "plain", "report"))).toEqual(["leaderboard.json"]);
    const cells = readdirSync(join(directory, "run", "cells")).sort();
    expect(readdirSync(join(directory, "plain", "cells")).sort()).toEqual(cells);
    for (const cell of cells) {
      const [with_, without] = ["run", "plain"].map((name) => read(name, "cells", cell, "matrix.json"));
      expect(with_).toEqual(without);
    }
  });

  it("gives margins, comparisons and lists the plug-in's metrics", async () => {
    const blessed = await bench(["gate", "bless", "run:memory-joint", "--reason", "a test"], directory);
    expect(blessed.code, blessed.stderr).toBe(0);
    const judged = ["gate", "run:memory-sequential", "--config", config, "--margin", "lastTask=0.9", "--json"];
    const { metrics } = JSON.parse((await bench(judged, directory)).stdout);
    expect(metrics.map(({ key }: { key: string }) => key)).toEqual(["lastTask"]);
    const refused = await bench(
      ["gate", "run:memory-sequential", "--config", config, "--margin", "lastTusk=1"],
      directory,
    );
    expect(refused.stderr).toContain('Did you mean "lastTask"?');
    const listed = await bench(["list", "metrics", "--plugin", results], directory);
    expect(listed.stdout).toContain("The metric belowJoint");
  });

  it("is refused before it starts where a column or a reporter is unknown, with the place", async () => {
    writeFileSync(join(directory, "wrong.yaml"), "suite: trace-seq\nmetrics: [op, lastTusk]\n");
    const refused = await bench(["run", "--config", "wrong.yaml", "--plugin", results], directory);
    expect(refused.stderr).toContain('there is no metric "lastTusk"');
    expect(refused.stderr).toContain("wrong.yaml:2:15");
    expect(refused.code).toBe(2);
  });
});
