import type { Document } from "../../harness/contract/suite.js";
import { bestOf, type Retrieval, type Retriever } from "./retriever.js";

/** What is added to each rank (Cormack et al. 2009). */
const rankOffset = 60;

/** How deep each ranking is read. */
const depth = 200;

/** Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009): Σ over the rankings of 1 / (60 + rank), ranks from 1. */
export class RankFusion implements Retriever {
  constructor(private readonly retrievers: readonly Retriever[]) {}

  async add(documents: readonly Document[]): Promise<void> {
    for (const retriever of this.retrievers) await retriever.add(documents);
  }

  async remove(documents: readonly Document[]): Promise<void> {
    for (const retriever of this.retrievers) await retriever.remove(documents);
  }

  async refresh(documents: readonly Document[]): Promise<void> {
    for (const retriever of this.retrievers) await retriever.refresh?.(documents);
  }

  async search(queries: readonly string[], count: number): Promise<Retrieval[]> {
    const rankings: Retrieval[][] = [];
    for (const retriever of this.retrievers) rankings.push(await retriever.search(queries, Math.max(depth, count)));
    return queries.map((_, index) => {
      const all = rankings.map((found) => found[index]!);
      const scores = new Map<string, number>();
      for (const { hits } of all) {
        hits.forEach(({ id }, rank) => {
          scores.set(id, (scores.get(id) ?? 0) + 1 / (rankOffset + rank + 1));
        });
      }
      const trail = all.flatMap((found) => found.trail ?? []);
      const [answer] = all.flatMap((found) => found.answer ?? []);
      const [summary] = all.flatMap((found) => found.summary ?? []);
      return {
        hits: bestOf(scores, count),
        ...(answer && { answer }),
        ...(summary && { summary }),
        ...(trail.length > 0 && { trail }),
      };
    });
  }

  notes(): Record<string, number | string> {
    return Object.assign({}, ...this.retrievers.map((retriever) => retriever.notes?.() ?? {}));
  }

  save(directory: string): void {
    for (const retriever of this.retrievers) retriever.save(directory);
  }

  async restore(directory: string, documents: readonly Document[]): Promise<void> {
    for (const retriever of this.retrievers) await retriever.restore(directory, documents);
  }
}
