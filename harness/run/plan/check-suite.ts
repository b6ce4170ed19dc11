import { checkOptions } from "../../config/options.js";
import { BenchError, toBenchError } from "../../contract/errors.js";
import type { Scorer } from "../../contract/plugin.js";
import type { TrainerRecord } from "../../contract/result.js";
import type { ScoredSetRecord, SuiteRecord } from "../../contract/results/suite-record.js";
import {
  type Example,
  type Modality,
  modalities,
  type ScorerReference,
  type Suite,
  type TaskDescription,
} from "../../contract/suite.js";
import type { Registry } from "../../plugins.js";
import { isRight } from "../evaluate/likelihood.js";
import { malformedCorpus } from "./check-corpora.js";

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
  if (!/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/.test(suite.name)) complain("its name cannot be part of a path");
  if (suite.tasks.length === 0) complain("it has no tasks");
  const sets = [...suite.tasks, ...suite.probes];
  const twin = duplicate(sets.map(({ id }) => id));
  if (twin !== undefined) complain(`two tasks or probes are called "${twin}"`);
  const scorers: Record<string, number> = {};
  for (const { id, scorer: measured, alsoScored = {} } of sets) {
    for (const reference of [measured, ...Object.values(alsoScored)]) {
      const scorer = scorerOf(id, reference, registry);
      checkOptions(scorer.options, reference.options ?? {}, `scorer "${reference.name}" of "${id}"`);
      scorers[reference.name] = scorer.version;
    }
  }
  for (const task of suite.tasks) {
    if (task.train.length > 0) checkExamples(task.id, "train", task.train, complain);
    checkExamples(task.id, "test", task.test, complain);
    if (task.shifted !== undefined) checkExamples(task.id, "shifted test", task.shifted, complain);
    const malformed = malformedCorpus(task);
    if (malformed !== undefined) complain(malformed);
    if (task.mode === "likelihood") checkChoices(task.id, [...task.test, ...(task.shifted ?? [])], complain);
  }
  for (const probe of suite.probes) {
    checkExamples(probe.id, "probe", probe.examples, complain);
    if (probe.mode === "likelihood") checkChoices(probe.id, probe.examples, complain);
  }
  return scorers;
}

/** The scorer of a task or probe; an unknown one is reported with its user. */
function scorerOf(id: string, { name }: ScorerReference, registry: Registry): Scorer {
  try {
    return registry.scorer(name);
  } catch (error) {
    const { code, message, fix } = toBenchError(error);
    throw new BenchError(code, `"${id}": ${message}`, { fix, cause: error });
  }
}

/**
 * Checks that suite and trainers fit: tasks with training data for trainers that learn, a suite with the general items that trainers ask for, and trainers that give the
 * log-likelihoods that tasks are scored by. Throws CONFIG_INVALID.
 */
export function checkNeeds(suite: Suite, trainers: readonly TrainerRecord[], registry: Registry): void {
  const compared = [...suite.tasks, ...suite.probes].find(({ mode }) => mode === "likelihood");
  const silent = trainers.find(({ name }) => registry.trainer(name).likelihoods === false);
  if (compared !== undefined && silent !== undefined) {
    throw new BenchError(
      "CONFIG_INVALID",
      `"${compared.id}" is scored by the likelihoods of its choices, which trainer "${silent.label}" does not give`,
      { fix: 'Leave the trainer out, or ask for written answers: mode "generate".' },
    );
  }
  const bare = suite.tasks.find(({ train }) => train.length === 0);
  const learning = trainers.find(({ schedule }) => schedule !== "once");
  if (bare !== undefined && learning !== undefined) {
    throw new BenchError(
      "CONFIG_INVALID",
      `task "${bare.id}" has no training items, and trainer "${learning.label}" learns`,
      {
        fix: "Give the task training data, or ask the model as it is: bench evaluate, or --trainers frozen.",
      },
    );
  }
  if (suite.generalItems.length > 0) return;
  const asking = trainers.find(({ privileges }) => privileges.generalItems > 0);
  if (asking === undefined) return;
  throw new BenchError(
    "CONFIG_INVALID",
    `trainer "${asking.label}" asks for ${asking.privileges.generalItems} general items, but the suite "${suite.name}" has none`,
    { fix: "Leave that option out, or run a suite that has general items, such as trace-seq." },
  );
}

/** Checks that every trainer and the model take what the suite's inputs are made of. Throws INPUT_UNSUPPORTED. */
export function checkModalities(suite: Suite, trainers: readonly Takes[], model: Takes): void {
  const asked = modalitiesOf(suite);
  for (const { name, modalities: taken = ["text"] } of [...trainers, model]) {
    const lacking = asked.find((modality) => !taken.includes(modality));
    if (lacking === undefined) continue;
    throw new BenchError(
      "INPUT_UNSUPPORTED",
      `the suite "${suite.name}" asks with inputs of the kind ${lacking}, but ${name} takes ${taken.join(", ")} only`,
      { fix: `Choose a trainer and a model that declare \`modalities\` with "${lacking}", or another suite.` },
    );
  }
}

/** Who takes inputs, as an error names it. */
export interface Takes {
  name: string;
  modalities: readonly Modality[] | undefined;
}

/** A trainer and the methods that it is made of, each of which is a trainer too. */
export function takersOf({ label, name, options }: TrainerRecord, registry: Pick<Registry, "trainer">): Takes[] {
  const trainer = registry.trainer(name);
  const members = (trainer.methods?.(options) ?? []).filter((method) => method !== name);
  return [
    { name: `trainer "${label}"`, modalities: trainer.modalities },
    ...members.map((method) => ({
      name: `the method "${method}" of trainer "${label}"`,
      modalities: registry.trainer(method).modalities,
    })),
  ];
}

/** What the inputs of a suite are made of. */
export function modalitiesOf({
  tasks,
  probes,
  generalItems,
}: Pick<Suite, "tasks" | "probes" | "generalItems">): Modality[] {
  const sets = [
    ...tasks.flatMap(({ train, validation, test, shifted = [] }) => [train, validation, test, shifted]),
    ...probes.map(({ examples }) => examples),
    generalItems,
  ];
  return modalities.filter((modality) =>
    sets.some((set) => set.some(({ input }) => input.some(({ type }) => type === modality))),
  );
}

function checkExamples(set: string, part: string, examples: Example[], complain: (problem: string) => never): void {
  if (examples.length === 0) complain(`"${set}" has no ${part} items`);
  const twin = duplicate(examples.map(({ id }) => id));
  if (twin !== undefined) complain(`two ${part} items of "${set}" are called "${twin}"`);
  const bare = examples.find(({ references }) => references.length === 0);
  if (bare !== undefined) complain(`item "${bare.id}" of "${set}" has no reference answer`);
}

/** Checks what the likelihoods of choices need: two choices and more, different ones, a right one among them. */
function checkChoices(set: string, examples: Example[], complain: (problem: string) => never): void {
  for (const { id, choices = [], references } of examples) {
    const of = `item "${id}" of "${set}", which is scored by likelihood,`;
    if (choices.length < 2) complain(`${of} has no choices`);
    if (choices.includes("")) complain(`${of} has an empty choice`);
    const twin = duplicate(choices);
    if (twin !== undefined) complain(`${of} has the choice "${twin}" twice`);
    if (!choices.some((choice) => isRight(choice, { references }))) complain(`${of} has no right choice`);
  }
}

function duplicate(names: string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** What `run.json` keeps of a suite. */
export function recordSuite(suite: Suite, location: string | undefined): SuiteRecord {
  const { name, version, title, digest, generated, scoring, revision, published, notes } = suite;
  return {
    name,
    version,
    title,
    digest,
    generated,
    ...(scoring === undefined ? {} : { scoring }),
    ...(revision === undefined ? {} : { revision }),
    ...(location === undefined ? {} : { location }),
    ...(published === undefined ? {} : { published }),
    ...(notes === undefined || notes.length === 0 ? {} : { notes }),
    tasks: suite.tasks.map((task) => ({
      ...heading(task),
      language: task.language,
      maxNewTokens: task.maxNewTokens,
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

function heading({ id, title, scorer, alsoScored, mode, normalizeBy }: TaskDescription): ScoredSetRecord {
  return {
    id,
    title,
    scorer,
    ...(alsoScored === undefined ? {} : { alsoScored }),
    ...(mode === undefined ? {} : { mode }),
    ...(normalizeBy === undefined ? {} : { normalizeBy }),
  };
}
