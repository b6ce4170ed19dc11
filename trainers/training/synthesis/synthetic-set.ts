import type { TaskData } from "../../../harness/contract/trainer.js";
import type { Vector } from "../../engine/contract.js";
import type { Instance } from "../blocks.js";
import { openEmbedder } from "../embeddings/open-embedder.js";
import type { TaskContext } from "../strategy.js";
import { orderedChoices, realDemonstrations } from "./demonstrations.js";
import { logPerplexity } from "./log-perplexity.js";
import type { SynthesisOptions } from "./options.js";
import { refine } from "./refine.js";
import { select } from "./select.js";
import { synthesize, type Writer } from "./synthesize.js";
import { Tally } from "./tally.js";

/** So many kept instances are handed to the report. */
const mostReported = 1000;

/** Synthesizes, answers and selects the instances that represent a task, and adds them to the report. */
export async function makeSyntheticSet(
  context: TaskContext,
  data: TaskData,
  base: Vector,
  options: SynthesisOptions,
): Promise<Instance[]> {
  const tally = new Tally();
  const wanted = Math.max(1, Math.round(options.share * data.train.length));
  const made = await candidates(context, data, base, options, Math.ceil(options.draws * wanted), tally);
  const chosen = await answerAndSelect(context, data, base, options, made, wanted, tally);
  const { drawn, parsed, dropped } = tally;
  const items = chosen.slice(0, mostReported);
  context.synthesized({ taskId: data.task.id, drawn, parsed, kept: chosen.length, dropped, items });
  return chosen;
}

/** The base model's part. */
async function candidates(
  context: TaskContext,
  data: TaskData,
  base: Vector,
  options: SynthesisOptions,
  draws: number,
  tally: Tally,
): Promise<Instance[]> {
  const { model, seed, checkCancelled } = context;
  const writer: Writer = { model, weights: base, seed, checkCancelled };
  const { id } = data.task;
  const demonstrations =
    options.demonstrations === "real"
      ? realDemonstrations(data, options.items, seed)
      : await ownDemonstrations(writer, id, options);
  const choices = orderedChoices(demonstrations, options.shots, draws, { seed, task: id });
  const drawn = await synthesize(writer, id, choices, options.refine ? "input" : "block", options);
  return tally.sift(drawn, demonstrations);
}

/** What the base model writes with nothing before it: as many draws for each as for what is rehearsed. */
async function ownDemonstrations(writer: Writer, task: string, options: SynthesisOptions): Promise<Instance[]> {
  const choices = Array.from({ length: Math.ceil(options.draws * options.items) }, () => []);
  const drawn = await synthesize(writer, `${task}/demonstrations`, choices, "block", options);
  return new Tally().sift(drawn, []).slice(0, options.items);
}

/** The latest model's part, and the choice, in the order that the options ask for. */
async function answerAndSelect(
  context: TaskContext,
  data: TaskData,
  base: Vector,
  options: SynthesisOptions,
  made: readonly Instance[],
  wanted: number,
  tally: Tally,
): Promise<Instance[]> {
  const answer = async (instances: readonly Instance[]): Promise<Instance[]> => {
    if (!options.refine) return [...instances];
    const answered = (await refine(context, data.task, instances)).filter(({ output }) => output !== "");
    tally.drop("no answer", instances.length - answered.length);
    return answered;
  };
  const choose = async (instances: readonly Instance[]): Promise<Instance[]> => {
    const chosen = await select(instances, wanted, {
      select: options.select,
      clusters: options.clusters,
      seed: context.seed,
      task: data.task.id,
      embed: async (texts) => (await openEmbedder(options.embedder, context.model, base))(texts),
      logPerplexity: (texts) => logPerplexity(context.model, texts),
    });
    tally.drop("not selected", instances.length - chosen.length);
    return chosen;
  };
  return options.order === "refine-then-select" ? choose(await answer(made)) : answer(await choose(made));
}
