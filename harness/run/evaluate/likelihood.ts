import type { Example } from "../../contract/suite.js";
import type { Generation, Learner, ScoreRequest } from "../../contract/trainer.js";
import { callPlugin, invalidOutput } from "../cell/guard.js";
import { type QuestionSet, taskIdOf } from "./question-set.js";

/** The choice that is most likely to a learner, as its answer. */
export interface ChosenAnswer extends Generation {
  /** Log-likelihood of each choice given the question, nats, in the order of the choices. */
  likelihoods: number[];
  /** lm-eval's measures, 1 or 0: by log-likelihood, per character, per byte. */
  otherScores: Record<"acc" | "acc_norm" | "acc_bytes", number>;
}

/** By what a log-likelihood is divided: code points or bytes of the choice, without the space before it. */
const lengths = {
  characters: (choice: string) => Array.from(choice).length,
  bytes: (choice: string) => Buffer.byteLength(choice),
};

/**
 * Compares the log-likelihoods of each example's choices, as lm-evaluation-harness does for multiple choice: the first of
 * the largest is chosen.
 *
 * @throws PLUGIN_FAILED when the learner does not return one finite number for each request.
 */
export async function chooseByLikelihood(
  learner: Learner,
  batch: readonly Example[],
  set: QuestionSet,
  taskIdAtTest: boolean,
): Promise<ChosenAnswer[]> {
  const requests = batch.flatMap(({ input, choices = [] }, index) =>
    choices.map(
      (continuation, choice): ScoreRequest => ({
        ...{ id: `${index}.${choice}`, input, continuation },
        ...taskIdOf(set, taskIdAtTest),
      }),
    ),
  );
  const scores = checkScores(await callPlugin("the trainer's score", () => learner.score(requests)), requests.length);
  let next = 0;
  return batch.map((example) => {
    const choices = example.choices ?? [];
    const likelihoods = scores.slice(next, next + choices.length);
    next += choices.length;
    const best = (lengthOf: (choice: string) => number) =>
      choices[likelyPlace(likelihoods.map((value, place) => value / lengthOf(choices[place]!)))]!;
    const right = (choice: string) => Number(isRight(choice, example));
    const [plain, perCharacter, perByte] = [best(() => 1), best(lengths.characters), best(lengths.bytes)];
    const { normalizeBy } = set.task;
    return {
      text: normalizeBy === undefined ? plain : best(lengths[normalizeBy]),
      tokens: 0,
      finishReason: "end",
      likelihoods,
      otherScores: { acc: right(plain), acc_norm: right(perCharacter), acc_bytes: right(perByte) },
    };
  });
}

/** Whether a choice is one of the references, white space around both aside. */
export function isRight(choice: string, { references }: Pick<Example, "references">): boolean {
  return references.some((reference) => reference.trim() === choice.trim());
}

function checkScores(scores: unknown, count: number): number[] {
  const fix = "Return the log-likelihood of each continuation in nats, in the order of the requests.";
  if (!Array.isArray(scores) || scores.length !== count) {
    const got = Array.isArray(scores) ? `${scores.length} values` : typeof scores;
    throw invalidOutput(`score returned ${got} for ${count} continuations`, fix);
  }
  const wrong = scores.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw invalidOutput(`value ${wrong} of score is ${String(scores[wrong])}`, fix);
  return scores;
}

const likelyPlace = (values: readonly number[]): number => values.indexOf(Math.max(...values));
