import { checkOptions } from "../config/options.js";
import { BenchError } from "../contract/errors.js";
import type { SuiteRecord } from "../contract/result.js";
import type { Example, ScorerReference, Suite } from "../contract/suite.js";
import type { Registry } from "../plugins.js";

/**
 * Checks what a suite returned, whoever wrote it: tasks, distinct ids, questions with answers, known scorers.
 *
 * @returns the versions of its scorers, by name.
 * @throws PLUGIN_INVALID, UNKNOWN_NAME for a scorer, CONFIG_INVALID for its options.
 */
export function checkSuite(suite: Suite, registry: Registry): Record<string, number> {
  const complain = (problem: string): never => {
    throw new BenchError("PLUGIN_INVALID", `suite "${suite.name}": ${problem}`, {
      fix: "Mend the suite's data or its plug-in.",
    });
  };
  if (suite.tasks.length === 0) complain("it has no tasks");
  const sets = [...suite.tasks, ...suite.probes];
  const twin = duplicate(sets.map(({ id }) => id));
  if (twin !== undefined) complain(`two tasks or probes are called "${twin}"`);
  const scorers: Record<string, number> = {};
  for (const { id, scorer: reference } of sets) {
    const scorer = registry.scorer(reference.name);
    checkOptions(scorer.options, reference.options ?? {}, `scorer "${reference.name}" of "${id}"`);
    scorers[reference.name] = scorer.version;
  }
  for (const task of suite.tasks) {
    checkExamples(task.id, "train", task.train, complain);
    checkExamples(task.id, "test", task.test, complain);
    if (task.shifted !== undefined) checkExamples(task.id, "shifted test", task.shifted, complain);
  }
  for (const probe of suite.probes) checkExamples(probe.id, "probe", probe.examples, complain);
  return scorers;
}

function checkExamples(set: string, part: string, examples: Example[], complain: (problem: string) => never): void {
  if (examples.length === 0) complain(`"${set}" has no ${part} items`);
  const twin = duplicate(examples.map(({ id }) => id));
  if (twin !== undefined) complain(`two ${part} items of "${set}" are called "${twin}"`);
  const bare = examples.find(({ references }) => references.length === 0);
  if (bare !== undefined) complain(`item "${bare.id}" of "${set}" has no reference answer`);
}

function duplicate(names: string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** What `run.json` keeps of a suite. */
export function recordSuite(suite: Suite, location: string | undefined): SuiteRecord {
  const { name, version, title, digest, generated, revision } = suite;
  return {
    name,
    version,
    title,
    digest,
    generated,
    ...(revision === undefined ? {} : { revision }),
    ...(location === undefined ? {} : { location }),
    tasks: suite.tasks.map((task) => ({
      ...heading(task),
      language: task.language,
      sizes: {
        train: task.train.length,
        validation: task.validation.length,
        test: task.test.length,
        ...(task.shifted === undefined ? {} : { shifted: task.shifted.length }),
      },
    })),
    probes: suite.probes.map((probe) => ({ ...heading(probe), kind: probe.kind, size: probe.examples.length })),
  };
}

function heading(set: { id: string; title: string; scorer: ScorerReference }) {
  return { id: set.id, title: set.title, scorer: set.scorer };
}
