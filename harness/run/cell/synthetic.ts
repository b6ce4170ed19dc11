import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { writeFileAtomically } from "../../contract/files.js";
import type { SyntheticRecord } from "../../contract/result.js";
import { inputText, type Suite } from "../../contract/suite.js";
import type { SyntheticSet } from "../../contract/trainer.js";
import { layout } from "../store/store.js";
import { diversity, novelty } from "./sample-quality.js";

/** What a learner wrote while it learned, measured against the real data, which the learner does not keep. */
export function measureSynthetic(sets: readonly SyntheticSet[], row: number, tasks: Suite["tasks"]): SyntheticRecord[] {
  return sets.map(({ taskId, items, ...counts }) => {
    const inputs = items.map(({ input }) => input);
    const real = tasks.find(({ id }) => id === taskId)?.train ?? [];
    return {
      row,
      task: taskId,
      ...counts,
      novelty: novelty(
        inputs,
        real.map(({ input }) => inputText(input)),
      ),
      diversity: diversity(inputs),
      agreement: null,
      items,
    };
  });
}

/** The text of `synthetic.jsonl`. */
export function syntheticLines(records: readonly SyntheticRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/**
 * Adds to a cell's sets how many of their items the rule of their task answers so. The rule is in the suite and is
 * a function, which no worker has: this is done where the suite was loaded. Without a rule nothing changes.
 *
 * @param files SHA-256 of the cell's files by path. Returns it with the digest of the sets as they are then.
 */
export function judgeSynthetic(
  directory: string,
  cell: string,
  oracle: Suite["oracle"],
  files: Record<string, string>,
): Record<string, string> {
  const path = join(directory, layout.synthetic(cell));
  if (oracle === undefined || !existsSync(path)) return files;
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  const judged = lines.map((line): SyntheticRecord => {
    const record = JSON.parse(line) as SyntheticRecord;
    const right = record.items.filter(({ input, output }) => oracle(record.task, input, output)).length;
    return { ...record, agreement: record.items.length === 0 ? null : right / record.items.length };
  });
  const text = syntheticLines(judged);
  writeFileAtomically(path, text);
  return { ...files, [layout.synthetic(cell)]: sha256(text) };
}
