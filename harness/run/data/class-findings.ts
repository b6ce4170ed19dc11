import type { Task } from "../../contract/suite.js";
import type { DataFinding } from "./finding.js";

const mostNamed = 5;

/** Findings about the classes of tasks that have a closed set of answers. */
export function classFindings(tasks: readonly Task[]): DataFinding[] {
  return tasks
    .filter(({ test }) => test[0]?.choices !== undefined)
    .flatMap((task) => [...unseen(task), ...variants(task)]);
}

/** Classes of the test that training never shows. */
function unseen({ id, train, test }: Task): DataFinding[] {
  const trained = new Set(train.flatMap(({ references }) => references.map(trim)));
  const rows = test.filter(({ references }) => !references.some((answer) => trained.has(trim(answer))));
  if (rows.length === 0) return [];
  const classes = quote(rows.map(({ references }) => trim(references[0]!)));
  const text = `${id}: test rows with an answer that training never shows: ${rows.length} of ${test.length} (${classes})`;
  return [{ kind: "unseen-class", task: id, count: rows.length, text }];
}

/** Answers that differ only in case or white space, and so may be one class written in several ways. */
function variants({ id, train, test }: Task): DataFinding[] {
  const written = new Map<string, Set<string>>();
  for (const { references } of [...train, ...test]) {
    const [answer] = references;
    const key = trim(answer!).toLowerCase();
    written.set(key, (written.get(key) ?? new Set()).add(answer!));
  }
  const several = [...written.values()].filter((forms) => forms.size > 1);
  if (several.length === 0) return [];
  const text = `${id}: answers that differ only in case or white space: ${quote(several.flatMap((forms) => [...forms]))}`;
  return [{ kind: "label-variants", task: id, count: several.length, text }];
}

const trim = (text: string): string => text.replace(/\s+/g, " ").trim();

function quote(texts: readonly string[]): string {
  const names = [...new Set(texts)];
  const shown = names.slice(0, mostNamed).map((name) => JSON.stringify(name.slice(0, 40)));
  return `${shown.join(", ")}${names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ""}`;
}
