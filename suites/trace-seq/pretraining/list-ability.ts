import { random } from "../../../harness/contract/random.js";
import { type Example, inputText, type Task } from "../../../harness/contract/suite.js";
import type { Decoding } from "../../../harness/contract/trainer.js";
import { ruleAnswer } from "../family.js";
import { tasks as families } from "../tasks/index.js";
import { listEntry } from "./corpus.js";

/** How well a model writes new inputs of a task in context: shares of the draws. */
export interface ListAbility {
  task: string;
  /** The marker of the output follows. */
  closed: number;
  /** Closed, and none of the real items that demonstrations are drawn from. */
  novel: number;
  /** Novel, and worded as the task words its questions: its rule has an answer. */
  usable: number;
  /** Usable and unlike the other draws, each text counted once. */
  unique: number;
}

/** Demonstrations before each draw, the real items that they come from, and the draws of each task. */
export const listMeasure = { demonstrations: 2, realItems: 20, draws: 100 };

/** How they are drawn: SSR's own defaults. */
export const listDecoding = {
  maxNewTokens: 96,
  temperature: 0.6,
  topP: 1,
  stop: ["\n\n"],
  seed: 1,
} satisfies Decoding;

/** Lets a model write inputs of each task after demonstrations of it, as Self-Synthesized Rehearsal does. */
export async function measureListAbility(
  tasks: readonly Task[],
  generate: (prompts: string[], decoding: Decoding) => Promise<string[]>,
): Promise<ListAbility[]> {
  const { demonstrations, realItems, draws } = listMeasure;
  const abilities: ListAbility[] = [];
  for (const task of tasks) {
    const stream = random({ seed: 1, stream: "list-ability", task: task.id });
    const real = stream.sample(task.train, realItems);
    const prompts = Array.from({ length: draws }, () => listPrompt(stream.sample(real, demonstrations)));
    const texts = await generate(prompts, listDecoding);
    const closed = texts.flatMap((text) => text.match(/^ (.+?)\nOutput:/s)?.[1] ?? []);
    const known = new Set(real.map(({ input }) => inputText(input)));
    const novel = closed.filter((input) => !known.has(input));
    const family = families.find(({ id }) => id === task.id)!;
    const usable = novel.filter((input) => ruleAnswer(family, input) !== undefined);
    abilities.push({
      task: task.id,
      closed: closed.length / draws,
      novel: novel.length / draws,
      usable: usable.length / draws,
      unique: new Set(usable).size / draws,
    });
  }
  return abilities;
}

function listPrompt(examples: readonly Example[]): string {
  const entries = examples.map(({ input, references }) => listEntry(inputText(input), references[0]!));
  return `${entries.join("")}Input:`;
}
