import { checkOptions } from "../../config/options.js";
import type { Scorer } from "../../contract/plugin.js";
import type { ConfusionRecord, SampleRecord } from "../../contract/result.js";
import type { Example, ScorerReference } from "../../contract/suite.js";
import { finishReasons, type Generation, type Learner } from "../../contract/trainer.js";
import { mean, sumOrNull } from "../../metrics/definition.js";
import { callPlugin, invalidOutput, isCount } from "../cell/guard.js";
import { confusionOf } from "./confusion.js";
import { type ChosenAnswer, chooseByLikelihood } from "./likelihood.js";
import { type QuestionSet, requestsFor } from "./question-set.js";
import { recallsOf } from "./recall.js";

/** How one question set was answered. */
export interface SetScores {
  dataset: SampleRecord["dataset"];
  /** Task or probe id. */
  set: string;
  /** Means over the items, on 0..1. */
  score: number;
  extracted: number;
  valid: number;
  n: number;
  confusion?: ConfusionRecord;
  /** Mean score and number of the items of each aspect; absent where no item has one. */
  aspects?: Record<string, { score: number; n: number }>;
  /** Prompts that were too long and were shortened; absent where all fit. */
  shortened?: number;
  samples: Omit<SampleRecord, "row" | "dataset" | "set">[];
  /** Tokens of all answers, end tokens included; null where one of them was not counted. */
  tokens: number | null;
}

export interface EvaluationContext {
  scorer(name: string): Scorer;
  /** Whether the trainer declared that the task's id comes with each question. */
  taskIdAtTest: boolean;
  /** Called between batches with the answers so far; may throw CANCELLED. */
  progress(done: number, total: number): void;
}

/** Questions of one `generate` call. Part of the evaluation's version: a plug-in may answer otherwise in other batches. */
const batchSize = 64;

/**
 * Puts questions to a learner and scores the answers, set by set. The learner sees only inputs: ids are places in the
 * batch, so that no name reveals the task.
 *
 * @throws PLUGIN_FAILED when the learner or a scorer throws or returns something else than the contract says.
 */
export async function evaluate(
  learner: Learner,
  sets: readonly QuestionSet[],
  context: EvaluationContext,
): Promise<SetScores[]> {
  const total = sets.reduce((sum, { examples }) => sum + examples.length, 0);
  let done = 0;
  const scores: SetScores[] = [];
  for (const set of sets) {
    const put = set.task.mode === "likelihood" ? chooseByLikelihood : ask;
    const generations: (Generation | ChosenAnswer)[] = [];
    while (generations.length < set.examples.length) {
      context.progress(done, total);
      const batch = set.examples.slice(generations.length, generations.length + batchSize);
      const answers = await put(learner, batch, set, context.taskIdAtTest);
      generations.push(...answers);
      done += answers.length;
    }
    const scorer = context.scorer(set.task.scorer.name);
    scores.push(await callPlugin(`scorer "${scorer.name}"`, () => scoreSet(set, generations, scorer, context)));
  }
  context.progress(done, total);
  return scores;
}

async function ask(
  learner: Learner,
  batch: readonly Example[],
  set: QuestionSet,
  taskIdAtTest: boolean,
): Promise<Generation[]> {
  const { requests, decoding } = requestsFor(set, batch, taskIdAtTest);
  const answers: unknown = await callPlugin("the trainer's generate", () => learner.generate(requests, decoding));
  if (!Array.isArray(answers) || answers.length !== batch.length) {
    const got = Array.isArray(answers) ? `${answers.length} answers` : typeof answers;
    throw invalidOutput(
      `generate returned ${got} for ${batch.length} questions`,
      "Return one answer for each request.",
    );
  }
  return answers.map(checkGeneration);
}

/** Characters of one answer, and of what a model wrote for itself before it. */
const longestAnswer = 1e6;

/** Documents that one answer may name as its evidence, and characters of a name. */
const [mostEvidence, longestName] = [1000, 1000];

const isIdentifier = (id: unknown): boolean => typeof id === "string" && id.length <= longestName;

function checkGeneration(answer: unknown, index: number): Generation {
  const { text, tokens, finishReason, reasoning, answeredBy, evidence, retrieved, shortened } = (answer ??
    {}) as Partial<Generation>;
  if (typeof text !== "string")
    throw invalidOutput(`answer ${index} of generate has no text`, "Return { text, tokens, finishReason }.");
  if (text.length > longestAnswer || (typeof reasoning === "string" && reasoning.length > longestAnswer)) {
    throw invalidOutput(
      `answer ${index} of generate has over ${longestAnswer / 1e6} million characters`,
      "End the answer after as many tokens as were asked for.",
    );
  }
  if (tokens !== null && !isCount(tokens)) {
    throw invalidOutput(
      `answer ${index} of generate counts ${tokens} tokens`,
      "Count the generated tokens, the end token included, or give null.",
    );
  }
  if (finishReason === undefined || !finishReasons.includes(finishReason)) {
    throw invalidOutput(
      `answer ${index} of generate ends by "${finishReason}"`,
      `Use one of ${finishReasons.join(", ")}.`,
    );
  }
  if (
    evidence !== undefined &&
    !(Array.isArray(evidence) && evidence.length <= mostEvidence && evidence.every(isIdentifier))
  ) {
    throw invalidOutput(`answer ${index} of generate has evidence of another kind`, "Give a list of texts, or none.");
  }
  if (retrieved !== undefined && !(Array.isArray(retrieved) && retrieved.every((id) => typeof id === "string"))) {
    throw invalidOutput(
      `answer ${index} of generate has found something else than ids`,
      "Give a list of ids, or none.",
    );
  }
  return {
    ...splitReasoning(text, typeof reasoning === "string" ? reasoning : undefined),
    tokens: tokens!,
    finishReason,
    ...(typeof answeredBy === "string" ? { answeredBy } : {}),
    ...(evidence === undefined ? {} : { evidence }),
    ...(retrieved === undefined ? {} : { retrieved }),
    ...(shortened === true ? { shortened } : {}),
  };
}

/** Parts an answer from what a model writes for itself between `<think>` tags before it, as reasoning models do. */
function splitReasoning(text: string, reasoning: string | undefined): Pick<Generation, "text" | "reasoning"> {
  const opened = /^\s*<think>/.exec(text);
  if (opened === null) return reasoning === undefined ? { text } : { text, reasoning };
  const end = text.indexOf("</think>");
  const own = text.slice(opened[0].length, end < 0 ? undefined : end);
  return { text: end < 0 ? "" : text.slice(end + "</think>".length).trimStart(), reasoning: (reasoning ?? "") + own };
}

/** A scorer's options as a task gives them, with their defaults. */
export const optionsFor = (scorer: Scorer, { options = {} }: ScorerReference): Record<string, unknown> =>
  checkOptions(scorer.options, options, `scorer "${scorer.name}"`);

function scoreSet(
  set: QuestionSet,
  generations: (Generation | ChosenAnswer)[],
  scorer: Scorer,
  { scorer: find }: Pick<EvaluationContext, "scorer">,
): SetScores {
  const options = optionsFor(scorer, set.task.scorer);
  const others = Object.entries(set.task.alsoScored ?? {});
  const otherScorers = others.map(([name, other]) => {
    const found = find(other.name);
    return { name, scorer: found, options: optionsFor(found, other) };
  });
  const otherScores = (example: Example, { text, ...answer }: Generation | ChosenAnswer): Record<string, number> => ({
    ...("otherScores" in answer ? answer.otherScores : {}),
    ...Object.fromEntries(
      otherScorers.map(({ name, scorer, options }) => [name, checkScore(scorer, example, text, options).score]),
    ),
  });
  const scored = set.examples.map((example, index) => ({
    example,
    generation: generations[index]!,
    ...checkScore(scorer, example, generations[index]!.text, options),
  }));
  const ofAspect = (aspect: string) => {
    const own = scored.filter(({ example }) => example.aspect === aspect);
    return { score: mean(own.map(({ score }) => score)), n: own.length };
  };
  // Scoring a reference as an answer gives the true class; scorers without classes are not asked twice for every item.
  const classOf = (example: Example) => scorer.score(example, example.references[0]!, options).label;
  const confusion =
    classOf(set.examples[0]!) === undefined
      ? undefined
      : confusionOf(
          set.examples.map(classOf),
          scored.map(({ label }) => label),
        );
  const shortened = generations.filter((generation) => generation.shortened).length;
  const recalls = recallsOf(set.examples, generations);
  const aspects = [...new Set(set.examples.flatMap(({ aspect }) => aspect ?? []))].sort();
  return {
    dataset: set.dataset,
    set: set.task.id,
    score: mean(scored.map(({ score }) => score)),
    extracted: mean(scored.map(({ extracted }) => extracted)),
    valid: mean(scored.map(({ valid }) => (valid ? 1 : 0))),
    n: scored.length,
    ...(confusion === undefined ? {} : { confusion }),
    ...(aspects.length + recalls.length > 0 && {
      aspects: Object.fromEntries([...aspects.map((aspect) => [aspect, ofAspect(aspect)]), ...recalls]),
    }),
    ...(shortened === 0 ? {} : { shortened }),
    samples: scored.map(({ example, generation, score, extracted, valid }) => ({
      id: example.id,
      output: generation.text,
      finishReason: generation.finishReason,
      ...(generation.reasoning === undefined ? {} : { reasoning: generation.reasoning }),
      ...(generation.answeredBy === undefined ? {} : { answeredBy: generation.answeredBy }),
      ...(generation.evidence === undefined ? {} : { evidence: generation.evidence }),
      ...(generation.shortened ? { shortened: true } : {}),
      score,
      extracted,
      valid,
      ...("likelihoods" in generation ? { likelihoods: generation.likelihoods } : {}),
      ...(others.length > 0 || "otherScores" in generation ? { otherScores: otherScores(example, generation) } : {}),
    })),
    tokens: sumOrNull(generations.map(({ tokens }) => tokens)),
  };
}

function checkScore(scorer: Scorer, example: Example, output: string, options: Record<string, unknown>) {
  const score = scorer.score(example, output, options);
  for (const value of [score.score, score.extracted]) {
    if (!(value >= 0 && value <= 1)) {
      throw invalidOutput(
        `scorer "${scorer.name}" gave ${value} for item "${example.id}"`,
        "Scores must be between 0 and 1.",
      );
    }
  }
  return score;
}
