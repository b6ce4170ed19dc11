import { locationSuite } from "../config/defaults.js";
import { checkOptions } from "../config/options.js";
import { parseSuiteReference } from "../config/suite-reference.js";
import { resolveReference } from "../hub.js";
import type { Registry } from "../plugins.js";
import { longPromptNotes, measureAnswerLimits } from "../run/data/answer-limits.js";
import { checkData } from "../run/data/check-data.js";
import { refusal } from "../run/data/data-notes.js";

/**
 * Loads data as a run would, and tells its sizes, how it was read, what does not fit the model (the suite's own unless
 * given), and what is wrong with it as a measurement.
 */
export async function validateData(
  what: string,
  { suite: reader, model, strict }: { suite?: string; model?: string; strict?: boolean },
  registry: Registry,
): Promise<Record<string, string | number>> {
  const { name: named, location } = parseSuiteReference(what, process.cwd(), reader);
  const definition = named === undefined ? locationSuite(registry.allSuites()) : registry.suite(named);
  const options = checkOptions(definition.options, {}, `suite "${definition.name}"`);
  const loaded = await definition.load({ options, quick: false, ...(location && { location }) });
  const found = checkData(loaded);
  if (strict && found.length > 0) throw refusal(found);
  const { directory } = await resolveReference(model ?? loaded.defaultModel, "model");
  const measure = await registry.modelFor(directory).measure?.(directory);
  const { suite } = measureAnswerLimits(loaded, measure);
  const notes = [...(suite.notes ?? []), ...(measure === undefined ? [] : longPromptNotes(suite, measure))];
  const tasks = suite.tasks.map((task) => {
    const sizes = `${task.train.length} train, ${task.validation.length} validation, ${task.test.length} test`;
    return [task.id, `${sizes}; ${task.scorer.name}, at most ${task.maxNewTokens} tokens`];
  });
  const probes = suite.probes.map(({ id, kind, examples, scorer, maxNewTokens }) => [
    id,
    `probe (${kind}), ${examples.length} questions; ${scorer.name}, at most ${maxNewTokens} tokens`,
  ]);
  const numbered = (word: string, texts: readonly string[]) =>
    texts.map((text, index) => [`${word} ${index + 1}`, text]);
  return {
    suite: `${suite.name} ${suite.version}`,
    ...Object.fromEntries([...tasks, ...probes]),
    ...Object.fromEntries(numbered("note", notes)),
    ...Object.fromEntries(
      numbered(
        "found",
        found.map(({ text }) => text),
      ),
    ),
    digest: suite.digest,
  };
}
