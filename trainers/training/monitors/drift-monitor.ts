import { random } from "../../../harness/contract/random.js";
import type { DriftReport } from "../../../harness/contract/trainer.js";
import { kolmogorovSmirnov } from "../../../harness/metrics/statistics/kolmogorov-smirnov.js";
import { meanDiscrepancy } from "../../../harness/metrics/statistics/mean-discrepancy.js";
import { populationStability } from "../../../harness/metrics/statistics/population-stability.js";
import type { Vector } from "../../engine/contract.js";
import { reservoirSlot } from "../selection/reservoir.js";
import { answerRequest } from "../sequences.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../state.js";
import type { TaskContext } from "../strategy.js";

/** Items of a task that are looked at, and of all past ones that are remembered as numbers. */
const lookedAt = 48;
const remembered = 256;
const embedded = 48;
const permutations = 199;
const shiftedFrom = 0.2;
const significance = 0.05;

/** What is known of a sample of items: tokens of the prompt, nats per token of the answer, embedding of the prompt. */
interface Profile {
  lengths: number[];
  losses: number[];
  embeddings: Float32Array[];
}

/**
 * Compares a task's data with that of the tasks before it, as the base model sees both: lengths and losses by population
 * stability and Kolmogorov–Smirnov, embeddings by maximum mean discrepancy. The past is held as numbers alone, a bounded
 * reservoir of each; no item is kept, though embeddings say something of what they came from. Training is left alone.
 */
export class DriftMonitor {
  readonly #base: Vector;
  #past: Profile = { lengths: [], losses: [], embeddings: [] };
  /** Items whose numbers the reservoirs have met. */
  #met = 0;

  /** @param base the base model's parameters, which stay the caller's. */
  constructor(base: Vector) {
    this.#base = base;
  }

  /** Compares and then remembers; undefined before there is a past, or where there is nothing new. */
  async compare(task: TaskContext): Promise<DriftReport | undefined> {
    const profile = await this.#profile(task);
    const past = this.#past;
    const report = past.lengths.length > 0 && profile.lengths.length > 0 ? reportOf(past, profile, task) : undefined;
    this.#remember(profile, task.seed);
    return report;
  }

  save(directory: string): void {
    const { lengths, losses, embeddings } = this.#past;
    saveJson(directory, "drift", { met: this.#met, lengths, losses });
    saveVectors(
      directory,
      "drift-embeddings",
      Object.fromEntries(embeddings.map((values, index) => [`${index}`, values])),
    );
  }

  restore(directory: string): void {
    const { met, lengths, losses } = loadJson<{ met: number } & Omit<Profile, "embeddings">>(directory, "drift");
    const rows = loadVectors(directory, "drift-embeddings");
    this.#met = met;
    this.#past = { lengths, losses, embeddings: lengths.flatMap((_, index) => rows[`${index}`] ?? []) };
  }

  async #profile({ model, seed, view, newItems, sequence }: TaskContext): Promise<Profile> {
    const drawn = random({ seed, stream: "drift", task: view.index }).sample([...newItems], lookedAt);
    const requests = drawn.map((item) => ({
      ...answerRequest(item.example.id, sequence(item)),
      weights: this.#base,
    }));
    const scores = await model.score(requests);
    return {
      lengths: requests.map(({ tokens }) => tokens.length),
      losses: scores.map((score, i) => -score / requests[i]!.continuation.length),
      embeddings: await model.embed(requests),
    };
  }

  #remember({ lengths, losses, embeddings }: Profile, seed: number): void {
    for (const i of lengths.keys()) {
      const index = reservoirSlot(this.#met++, remembered, seed);
      if (index === undefined) continue;
      this.#past.lengths[index] = lengths[i]!;
      this.#past.losses[index] = losses[i]!;
      this.#past.embeddings[index] = embeddings[i]!;
    }
  }
}

function reportOf(past: Profile, now: Profile, { seed, view }: TaskContext): DriftReport {
  const [lengths, losses] = [kolmogorovSmirnov(past.lengths, now.lengths), kolmogorovSmirnov(past.losses, now.losses)];
  const sample = (rows: readonly Float32Array[], item: string) =>
    random({ seed, stream: "drift-embeddings", task: view.index, item }).sample([...rows], embedded);
  const key = { seed, stream: "drift-permutation", task: view.index };
  const means = meanDiscrepancy(sample(past.embeddings, "past"), sample(now.embeddings, "now"), permutations, key);
  const report = {
    lengthStability: populationStability(past.lengths, now.lengths),
    lengthDistance: lengths.distance,
    lengthProbability: lengths.probability,
    lossStability: populationStability(past.losses, now.losses),
    lossDistance: losses.distance,
    lossProbability: losses.probability,
    embeddingDiscrepancy: means.squared,
    embeddingProbability: means.pValue,
  };
  return { ...report, warnings: warningsOf(report) };
}

function warningsOf(report: Omit<DriftReport, "warnings">): string[] {
  const shifted = (stability: number, probability: number) => stability > shiftedFrom && probability < significance;
  return [
    ...(shifted(report.lengthStability, report.lengthProbability) ? ["lengths"] : []),
    ...(shifted(report.lossStability, report.lossProbability) ? ["losses"] : []),
    ...(report.embeddingProbability < significance ? ["embeddings"] : []),
  ];
}
