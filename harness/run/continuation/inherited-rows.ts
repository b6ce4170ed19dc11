import { join } from "node:path";
import { digestOf, sha256 } from "../../contract/digest.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { ExampleRecord, SampleRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { mean } from "../../metrics/definition.js";
import { groupBy } from "../../metrics/statistics/clusters.js";
import { noUsage } from "../cell/cost.js";
import type { MeasuredRow, RowRecord } from "../cell/row.js";
import { exampleRecords, questionSets } from "../cell/views.js";
import type { SetScores } from "../evaluate/evaluate.js";
import { type EvaluationRecord, writeEvaluation } from "../evaluate/evaluation-store.js";
import { layout, openRunFiles, readExamples, readSamples } from "../store/store.js";
import type { Start } from "./start.js";

/** Run directory and cell. */
interface Place {
  directory: string;
  cell: string;
}

/** A row of another cell as one of this run. */
export interface InheritedRow {
  measured: MeasuredRow;
  /** Path → SHA-256. */
  artifacts: Record<string, string>;
}

/**
 * Writes the rows before a start into a run, as they were measured. Only scores on the very questions of this run's suite
 * are carried over; tasks that the other run did not have, or asked otherwise, were not measured there. They cost nothing
 * here.
 */
export function inheritRows(start: Start, suite: Omit<Suite, "oracle">, to: Place): InheritedRow[] {
  const files = openRunFiles(start.directory);
  const asked = groupBy(readExamples(files), keyOf);
  const sets = questionSets(suite, { shifted: true }).filter((set) => {
    const there = asked.get(`${set.dataset} ${set.task.id}`);
    return there !== undefined && questionsOf(there) === questionsOf(exampleRecords(set));
  });
  const samples = readSamples(files, start.cell);
  return start.before.map((row) => {
    const answers = groupBy(
      samples.filter((sample) => sample.row === row),
      keyOf,
    );
    const scores = sets.flatMap(({ dataset, task }) => {
      const own = answers.get(`${dataset} ${task.id}`);
      return own === undefined ? [] : [scoresOf(own)];
    });
    return writeRow(row, scores, start, to);
  });
}

function writeRow(row: number, sets: SetScores[], start: Start, to: Place): InheritedRow {
  const evaluation: EvaluationRecord = { schema: "evaluation@2", sets, usage: noUsage };
  const path = layout.evaluation(digestOf({ carried: start.cell, to: to.cell, row }).slice(0, 32));
  const record: RowRecord = {
    schema: "row@2",
    row,
    evaluation: path,
    learning: [],
    learningUsage: noUsage,
    keepingSeconds: 0,
    buffer: { samples: 0, bytes: 0 },
    checkpointBytes: 0,
    footprint: { trainableParameters: null, addedParameters: null, tensorBytes: null },
  };
  const text = JSON.stringify(record);
  const file = layout.row(to.cell, row);
  const { digest } = writeEvaluation(to.directory, path, evaluation);
  writeFileAtomically(join(to.directory, file), text);
  return { measured: { record, evaluation }, artifacts: { [path]: digest, [file]: sha256(text) } };
}

function scoresOf(samples: readonly SampleRecord[]): SetScores {
  const { dataset, set } = samples[0]!;
  return {
    dataset,
    set,
    score: mean(samples.map(({ score }) => score)),
    extracted: mean(samples.map(({ extracted }) => extracted)),
    valid: mean(samples.map(({ valid }) => Number(valid))),
    n: samples.length,
    samples: samples.map(({ row: _row, dataset: _dataset, set: _set, ...sample }) => sample),
    tokens: 0,
  };
}

const keyOf = ({ dataset, set }: { dataset: string; set: string }): string => `${dataset} ${set}`;

const questionsOf = (records: readonly ExampleRecord[]): string =>
  JSON.stringify(records.map(({ id, input, references }) => [id, input, references]));
