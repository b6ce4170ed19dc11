import { toBenchError } from "../../../harness/contract/errors.js";
import { random } from "../../../harness/contract/random.js";
import type { Logits, Vector } from "../../engine/contract.js";
import type { TaskContext } from "../strategy.js";

/** Items of a task that are looked at, and how many logits are held at a time. */
const lookedAt = 48;
const together = 4;

/**
 * How far a model went from the base on the inputs of the task that it just learned: the mean over the answers' tokens of
 * KL(base ‖ model), nats, on at most 48 training items, given the labels before each token. RL's Razor (Shenfeld et al.,
 * 2509.04259) finds that such a distance, there over sampled answers, predicts forgetting. Undefined where the engine
 * gives no logits.
 */
export async function baseDistance(task: TaskContext, base: Vector): Promise<number | undefined> {
  const { model, seed, view, newItems } = task;
  const drawn = random({ seed, stream: "base-distance", task: view.index }).sample([...newItems], lookedAt);
  let [sum, rows] = [0, 0];
  try {
    for (let start = 0; start < drawn.length; start += together) {
      const batch = drawn.slice(start, start + together).map((item) => task.sequence(item));
      const now = await model.logits(batch);
      sum += divergence(await model.logits(batch, base), now);
      rows += now.rows;
    }
  } catch (error) {
    if (toBenchError(error).code === "CAPABILITY_MISSING") return undefined;
    throw error;
  }
  return rows > 0 ? sum / rows : undefined;
}

/** Σ over rows of KL(p ‖ q), nats, of the distributions that two sets of logits stand for. */
export function divergence(p: Logits, q: Logits): number {
  let sum = 0;
  for (let row = 0; row < p.rows; row++) {
    const [own, other] = [p, q].map(({ classes, values }) => logProbabilities(values, row * classes, classes));
    for (let i = 0; i < own!.length; i++) sum += Math.exp(own![i]!) * (own![i]! - other![i]!);
  }
  return sum;
}

function logProbabilities(values: Float32Array, start: number, count: number): Float64Array {
  const row = Float64Array.from(values.subarray(start, start + count));
  let most = Number.NEGATIVE_INFINITY;
  for (const value of row) most = Math.max(most, value);
  let sum = 0;
  for (const value of row) sum += Math.exp(value - most);
  const total = most + Math.log(sum);
  for (let i = 0; i < count; i++) row[i]! -= total;
  return row;
}
