import { random } from "../../../harness/contract/random.js";
import { imagesIn, inputText } from "../../../harness/contract/suite.js";
import type { TaskData } from "../../../harness/contract/trainer.js";
import type { Instance } from "../blocks.js";

/**
 * A random few of a task's training items: the only real ones that synthesis sees. Items with images are none, since only
 * text can be written; of a task that has nothing else there are no demonstrations.
 */
export function realDemonstrations({ task, train }: TaskData, items: number, seed: number): Instance[] {
  const texts = train.filter(({ input }) => imagesIn(input) === 0);
  return random({ seed, stream: "synthesis-demonstrations", task: task.id })
    .sample(texts, items)
    .map(({ input, references }) => ({ input: inputText(input), output: references[0]! }));
}

/**
 * What each draw shows: `shots` different demonstrations in an order of their own. No ordered choice comes again
 * before all of them came once.
 */
export function orderedChoices(
  demonstrations: readonly Instance[],
  shots: number,
  draws: number,
  key: { seed: number; task: string },
): Instance[][] {
  const stream = random({ ...key, stream: "synthesis-choices" });
  const indices = demonstrations.map((_, index) => index);
  const size = Math.min(shots, indices.length);
  let choices = 1;
  for (let index = 0; index < size; index++) choices *= indices.length - index;
  const seen = new Set<string>();
  return Array.from({ length: draws }, () => {
    if (seen.size === choices) seen.clear();
    let choice = stream.sample(indices, size);
    while (seen.has(choice.join())) choice = stream.sample(indices, size);
    seen.add(choice.join());
    return choice.map((index) => demonstrations[index]!);
  });
}
