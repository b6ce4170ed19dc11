import { random } from "../../../harness/contract/random.js";
import type { Example } from "../../../harness/contract/suite.js";
import type { BufferItem, TaskData } from "../../../harness/contract/trainer.js";
import { normalized } from "../embeddings/embedder.js";
import type { TaskContext } from "../strategy.js";
import { kMeans, nearestByCluster } from "./k-means.js";

/** How a task's items are chosen for the buffer. */
export type MemorySelection = "random" | "balanced" | "k-means";

/** More different answers than this are no classes. */
const mostClasses = 20;
const clusters = 20;

/** At most `count` of a task's training items. */
export async function chooseMemories(
  context: TaskContext,
  { task, train }: TaskData,
  select: MemorySelection,
  count: number,
): Promise<Example[]> {
  const shuffled = random({ seed: context.seed, stream: "replay", task: task.id }).shuffle(train);
  if (select === "random") return shuffled.slice(0, count);
  if (select === "balanced") return balancedByAnswer(shuffled, count);
  const requests = train.map((example) => context.request({ example, task }));
  const points = (await context.model.embed(requests)).map(normalized);
  const key = { seed: context.seed, stream: "replay-clusters", task: task.id };
  const { clusterOf, distances } = kMeans(points, clusters, key);
  return nearestByCluster(clusterOf, distances, Math.min(count, train.length)).map((index) => train[index]!);
}

/** Of each task in view a share of its training items, at least one, or `items` of them, for the buffer. */
export async function memoriesOfTasks(
  context: TaskContext,
  select: MemorySelection,
  { share, items }: { share: number; items?: number | null },
): Promise<BufferItem[]> {
  const chosen: BufferItem[] = [];
  for (const data of context.view.tasks) {
    const count = items ?? Math.max(1, Math.round(share * data.train.length));
    const examples = await chooseMemories(context, data, select, count);
    chosen.push(...examples.map((example) => ({ taskId: data.task.id, example })));
  }
  return chosen;
}

/** In turn one of each answer, where answers form classes; else the first. */
function balancedByAnswer(shuffled: readonly Example[], count: number): Example[] {
  const counts = new Map<string, number>();
  const ranked = shuffled.map((example) => {
    const rank = counts.get(example.references[0]!) ?? 0;
    counts.set(example.references[0]!, rank + 1);
    return { example, rank };
  });
  if (counts.size > mostClasses) return shuffled.slice(0, count);
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ example }) => example);
}
