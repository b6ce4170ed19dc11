import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { computeMetrics, type ResultTool, resultReaders } from "../../../harness/metrics/index.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bench-results-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, content: unknown): string {
  const file = join(directory, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const failure = (tool: ResultTool, path: string) => {
  try {
    resultReaders[tool](path);
  } catch (error) {
    return error as { code: string; message: string; at: object };
  }
  return expect.fail("it should have failed");
};

/** A file as inference/infer_single.py of TRACE writes it. */
const traceFile = (evaluated: object, labels = ["A", "B"]) => ({
  eval: evaluated,
  prompts: ["p", "q"],
  results: ["A", ""],
  labels,
});

test("TRACE: results-<round>-<task number>-<task>.json, each task by its own metric and scale", () => {
  write("results-0-0-C-STANCE.json", traceFile({ accuracy: 0.5 }));
  write("results-1-0-C-STANCE.json", traceFile({ accuracy: 0.25 }));
  write("results-1-1-Py150.json", traceFile({ similarity: 55.5 }, ["x"]));
  write("results-2-0-C-STANCE.json", traceFile({ accuracy: 0 }));
  write("results-2-1-Py150.json", traceFile({ similarity: 40 }, ["x"]));
  write(
    "results-2-2-20Minuten.json",
    traceFile({ "bleu-1": 0.1, "bleu-4": 0, "rouge-L": 0.2, sari: [{ sari: 38.5 }] }),
  );
  write("infer.log", "not a result");
  const matrix = resultReaders.trace(directory);
  expect(matrix.tasks).toEqual(["C-STANCE", "Py150", "20Minuten"]);
  expect(matrix.rows).toEqual([
    [null, null, null],
    [0.5, null, null],
    [0.25, 0.555, null],
    [0, 0.4, 0.385],
  ]);
  expect(matrix.n.at(-1)).toEqual([2, 1, 2]);
  expect(computeMetrics(matrix).bwt!.value).toBeCloseTo((-0.5 - 0.155) / 2, 12);
  expect(computeMetrics(matrix).fwt!.value).toBeNull();
});

test("TRACE: ROUGE-L for MeetingBank and accuracy for ScienceQA, which have both", () => {
  write("results-0-0-MeetingBank.json", traceFile({ "bleu-1": 0.1, "bleu-4": 0.05, "rouge-L": 0.125 }));
  write("results-1-0-MeetingBank.json", traceFile({ "bleu-1": 0.1, "bleu-4": 0.05, "rouge-L": 0.5 }));
  write("results-1-1-ScienceQA.json", traceFile({ "bleu-1": 0.1, "bleu-4": 0, "rouge-L": 0.2, accuracy: 0.75 }));
  expect(resultReaders.trace(directory).rows.at(-1)).toEqual([0.5, 0.75]);
});

test("TRACE: what is missing or does not belong together is refused", () => {
  expect(failure("trace", directory).message).toContain("no results of TRACE");
  expect(failure("trace", join(directory, "absent")).code).toBe("DATA_INVALID");
  write("results-1-1-FOMC.json", traceFile({ accuracy: 0.5 }));
  expect(failure("trace", directory).message).toContain("no results of task 0");
  write("results-0-0-FOMC.json", traceFile({ accuracy: 0.5 }));
  expect(failure("trace", directory).message).toContain('two tasks are called "FOMC"');
  write("results-0-1-C-STANCE.json", traceFile({ accuracy: 0.5 }));
  expect(failure("trace", directory).message).toContain('is "FOMC" here and "C-STANCE" in another');
  rmSync(join(directory, "results-1-1-FOMC.json"));
  write("results-0-0-FOMC.json", traceFile({ f1: 0.5 }));
  expect(failure("trace", directory).message).toContain("none of accuracy, sari");
  write("results-0-0-FOMC.json", "{");
  expect(failure("trace", directory).message).toContain("not valid JSON");
});

/** As avalanche/logging/csv_logger.py prints it. */
const avalanche = `eval_exp,training_exp,eval_accuracy,eval_loss,forgetting
0,None,0.1000,2.3026,0
1,None,0.0900,2.3100,0
0,0,0.9500,0.1500,0
1,0,0.1200,4.1000,0
0,1,0.8000,0.6000,0.1500
1,1,0.9000,0.2500,0
`;

test("Avalanche: eval_results.csv of the CSVLogger, by file or folder", () => {
  const file = write("csvlogs/eval_results.csv", avalanche);
  const matrix = resultReaders.avalanche(file);
  expect(matrix.rows).toEqual([
    [0.1, 0.09],
    [0.95, 0.12],
    [0.8, 0.9],
  ]);
  expect(matrix.tasks).toEqual(["task 1", "task 2"]);
  expect(resultReaders.avalanche(join(directory, "csvlogs")).rows).toEqual(matrix.rows);
});

test("Avalanche: another file, another scale and two results for one place are refused", () => {
  const training = "training_exp,epoch,training_accuracy,val_accuracy,training_loss,val_loss\n0,0,0.9,0,0.1,0\n";
  expect(failure("avalanche", write("training_results.csv", training)).message).toContain(
    "no evaluations of Avalanche",
  );
  expect(failure("avalanche", write("a.csv", `${avalanche}0,1,0.7,0.6,0\n`)).message).toContain("two different scores");
  expect(resultReaders.avalanche(write("b.csv", `${avalanche}0,1,0.8000,0.6000,0.1500\n`)).rows[2]).toEqual([0.8, 0.9]);
  expect(failure("avalanche", write("c.csv", avalanche.replace("0.9500", "95.0")))).toMatchObject({
    message: '"95.0" is no score',
    at: { line: 4 },
  });
});

/** As utils/loggers.py of Mammoth writes a run's dictionary. */
const mammoth =
  "{'dataset': 'seq-mnist', 'model': 'sgd', 'lr': 0.03, 'notes': None, 'nowand': True, 'accmean_task1': 99.81, " +
  "'accmean_task2': 71.5, 'accuracy_1_task1': 99.81, 'accuracy_1_task2': np.float64(45.25), 'accuracy_2_task2': 97.75, " +
  "'cpu_memory_usage': [1.5], 'forward_transfer': None, 'backward_transfer': -54.56, 'forgetting': 54.56}\n";

test("Mammoth: a run of logs.pyd, in percent, evaluated on the tasks so far", () => {
  const matrix = resultReaders.mammoth(write("logs.pyd", mammoth));
  expect(matrix.rows.map((row) => row.map((score) => score && Number(score.toFixed(6))))).toEqual([
    [null, null],
    [0.9981, null],
    [0.4525, 0.9775],
  ]);
  expect(computeMetrics(matrix).bwt!.value).toBeCloseTo(-0.5456, 10);
});

test("Mammoth: several runs and runs without accuracies are refused", () => {
  expect(failure("mammoth", write("logs.pyd", mammoth + mammoth))).toMatchObject({
    message: "the file contains 2 runs",
    at: { line: 2 },
  });
  expect(failure("mammoth", write("a.pyd", "{'accmean_task1': 9.5}\n")).message).toContain("no accuracies");
  expect(failure("mammoth", write("b.pyd", "")).message).toContain("empty");
  expect(failure("mammoth", write("c.pyd", "{'accuracy_0_task1': 9.5}")).message).toContain("numbered from 1");
  expect(failure("mammoth", write("d.pyd", "{'accuracy_9999_task9999': 9.5}")).message).toContain("9999 tasks");
});

/** As metrics/metrics.py of GEM's code prints it. */
const gem = `0.1000 0.0900
|
0.9500 0.1200
0.8000 0.9000

Final Accuracy: 0.8500
Backward: -0.0750
Forward:  0.0150
`;

test("GEM: baseline, bar, one row a task; its own figures follow", () => {
  const matrix = resultReaders.gem(write("gem.txt", gem));
  expect(matrix.rows).toEqual([
    [0.1, 0.09],
    [0.95, 0.12],
    [0.8, 0.9],
  ]);
  const { op, bwt } = computeMetrics(matrix);
  expect(op!.value).toBeCloseTo(0.85, 12);
  // GEM divides by T, bwt.gem by T − 1.
  expect(bwt!.value).toBeCloseTo(-0.075 * 2, 12);
});

test("GEM: other text and missing rows are refused", () => {
  expect(failure("gem", write("a.txt", "0.1 0.2\n0.3 0.4\n")).message).toContain("not the bar");
  expect(failure("gem", write("b.txt", "0.1 0.2\n|\n0.3 0.4\n\nFinal")).message).toContain("1 rows for 2 tasks");
  expect(failure("gem", write("c.txt", "0.1 0.2\n|\n0.3\n0.3 0.4\n")).message).toContain("1 scores, not 2");
});
