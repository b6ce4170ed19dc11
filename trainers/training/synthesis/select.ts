import { random } from "../../../harness/contract/random.js";
import type { Instance } from "../blocks.js";
import type { Embedder } from "../embeddings/embedder.js";
import { kMeans, nearestByCluster } from "../selection/k-means.js";

/** How the instances that are rehearsed are chosen among those that were made. */
export type Selection = "k-means" | "random" | "perplexity";

export interface Selector {
  select: Selection;
  clusters: number;
  seed: number;
  task: string;
  embed: Embedder;
  /** Nats per token of each text. */
  logPerplexity(texts: readonly string[]): Promise<number[]>;
}

/** At most `count` of the instances, in their order. Judged by input and output; by the input where there is none yet. */
export async function select(instances: readonly Instance[], count: number, selector: Selector): Promise<Instance[]> {
  if (instances.length <= count) return [...instances];
  const texts = instances.map(({ input, output }) => (output === "" ? input : `${input} ${output}`));
  const chosen = await indices(texts, count, selector);
  return chosen.sort((a, b) => a - b).map((index) => instances[index]!);
}

async function indices(texts: readonly string[], count: number, selector: Selector): Promise<number[]> {
  const all = texts.map((_, index) => index);
  const { seed, task, clusters } = selector;
  switch (selector.select) {
    case "random":
      return random({ seed, stream: "synthesis-selection", task }).sample(all, count);
    case "perplexity": {
      const logPerplexity = await selector.logPerplexity(texts);
      return all.sort((a, b) => logPerplexity[a]! - logPerplexity[b]! || a - b).slice(0, count);
    }
    case "k-means": {
      const { clusterOf, distances } = kMeans(await selector.embed(texts), clusters, {
        seed,
        stream: "synthesis-clusters",
        task,
      });
      return nearestByCluster(clusterOf, distances, count);
    }
  }
}
