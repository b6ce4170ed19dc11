import { random } from "../../../harness/contract/random.js";
import { type Example, inputText, type Task } from "../../../harness/contract/suite.js";
import type { Decoding } from "../../../harness/contract/trainer.js";
import { ruleAnswer } from "../family.js";
import { tasks as families } from "../tasks/index.js";
import { listEntry } from "./corpus.js";

/** How well a model continues lists of a task's instances by new ones: shares of the draws. */
export interface ListAbility {
  task: string;
  /** Has both markers. */
  parsed: number;
  /** Its input is none of the demonstrations'. */
  novel: number;
  /** Novel, and worded as the task words its questions. */
  inDistribution: number;
}

const demonstrations = 2;
const decoding: Decoding = { maxNewTokens: 72, temperature: 0.6, topP: 0.9, stop: ["\n\n"], seed: 1 };

/** Lets a model write instances of each task after two demonstrations of it, as Self-Synthesized Rehearsal does. */
export async function measureListAbility(
  tasks: readonly Task[],
  draws: number,
  generate: (prompts: string[], decoding: Decoding) => Promise<string[]>,
): Promise<ListAbility[]> {
  const abilities: ListAbility[] = [];
  for (const task of tasks) {
    const shown = Array.from({ length: draws }, (_, item) =>
      random({ seed: 1, stream: "list-ability", task: task.id, item }).sample(task.train, demonstrations),
    );
    const texts = await generate(shown.map(listPrompt), decoding);
    const inputs = texts.map((text) => text.match(/^ (.+?)\nOutput:/s)?.[1]);
    const novel = inputs.map((input, i) => shown[i]!.every((example) => inputText(example.input) !== input));
    const family = families.find(({ id }) => id === task.id)!;
    const share = (holds: (input: string, index: number) => boolean) =>
      inputs.filter((input, i) => input !== undefined && holds(input, i)).length / draws;
    abilities.push({
      task: task.id,
      parsed: share(() => true),
      novel: share((_, i) => novel[i]!),
      inDistribution: share((input, i) => novel[i]! && ruleAnswer(family, input) !== undefined),
    });
  }
  return abilities;
}

function listPrompt(examples: readonly Example[]): string {
  const entries = examples.map(({ input, references }) => listEntry(inputText(input), references[0]!));
  return `${entries.join("")}Input:`;
}
