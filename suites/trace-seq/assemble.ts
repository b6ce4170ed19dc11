import { type RandomStream, random } from "../../harness/contract/random.js";
import {
  type Example,
  inputText,
  type Probe,
  type ProbeKind,
  type Task,
  type TaskDescription,
} from "../../harness/contract/suite.js";
import { drawQuestion, type Family, type Question } from "./family.js";
import { familiarWords, type Lexicon, shiftedWords } from "./lexicon.js";
import type { Template } from "./template.js";

/** Number of items of each kind in a suite. */
export interface Sizes {
  train: number;
  validation: number;
  test: number;
  shifted: number;
  probe: number;
}

/** Draws a task's data. No prompt occurs twice, in whatever split. */
export function assembleTask(family: Family, sizes: Sizes, seed: number): Task {
  const questions = distinctQuestions(
    family,
    family.templates,
    familiarWords,
    sizes.test + sizes.validation + sizes.train,
    random({ seed, stream: "task", task: family.id }),
  );
  const shifted = distinctQuestions(
    family,
    family.shiftedTemplates ?? [],
    shiftedWords,
    sizes.shifted,
    random({ seed, stream: "shifted", task: family.id }),
  );
  const split = (name: string, from: number, count: number) =>
    questions.slice(from, from + count).map((question, index) => toExample(family, question, `${name}/${index}`));
  return {
    ...describe(family),
    test: split("test", 0, sizes.test),
    validation: split("validation", sizes.test, sizes.validation),
    train: split("train", sizes.test + sizes.validation, sizes.train),
    shifted: shifted.map((question, index) => toExample(family, question, `shifted/${index}`)),
  };
}

/** Draws the items of a probe. */
export function assembleProbe(kind: ProbeKind, family: Family, size: number, seed: number): Probe {
  const stream = random({ seed, stream: "probe", task: family.id });
  const questions = distinctQuestions(family, family.templates, familiarWords, size, stream);
  return {
    ...describe(family),
    kind,
    examples: questions.map((question, index) => toExample(family, question, `probe/${index}`)),
  };
}

/** Draws items that may be rehearsed, so many of each family: none of the probes'. */
export function assembleGeneralItems(
  families: readonly { family: Family }[],
  size: number,
  probes: readonly Probe[],
  seed: number,
): Example[] {
  const probed = promptsOf(probes);
  return families.flatMap(({ family }) => {
    const stream = random({ seed, stream: "general-items", task: family.id });
    return distinctQuestions(family, family.templates, familiarWords, size, stream, probed).map((question, index) =>
      toExample(family, question, `general/${index}`),
    );
  });
}

/** The prompts of probes. */
export const promptsOf = (probes: readonly Probe[]): Set<string> =>
  new Set(probes.flatMap(({ examples }) => examples.map(({ input }) => inputText(input))));

function distinctQuestions(
  family: Family,
  templates: readonly Template[],
  lexicon: Lexicon,
  count: number,
  stream: RandomStream,
  taken: ReadonlySet<string> = new Set(),
): Question[] {
  const questions = new Map<string, Question>();
  for (let draws = 0; questions.size < count; draws++) {
    if (draws > 50 * count) throw new Error(`${family.id} has fewer than ${count} different questions`);
    const question = drawQuestion(family, templates, lexicon, stream);
    if (!taken.has(question.prompt)) questions.set(question.prompt, question);
  }
  return [...questions.values()];
}

function describe(family: Family): TaskDescription {
  const { id, title, language, scorer, maxNewTokens, trainingSteps } = family;
  return { id, title, language, scorer, maxNewTokens, ...(trainingSteps === undefined ? {} : { trainingSteps }) };
}

function toExample(family: Family, question: Question, place: string): Example {
  return {
    id: `${family.id}/${place}`,
    input: [{ type: "text", text: question.prompt }],
    references: [question.answer],
    ...(family.choices === undefined ? {} : { choices: family.choices }),
    ...(question.source === undefined ? {} : { source: question.source }),
  };
}
