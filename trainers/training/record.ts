import type { LearnContext, LearnReport } from "../../harness/contract/trainer.js";

const mostPoints = 200;
const millisecondsBetweenEvents = 200;

/** Follows one task's training: reports progress at most five times a second, and makes the report. */
export class TrainingRecord {
  readonly #steps: number;
  readonly #notes: LearnReport["notes"];
  readonly #progress: LearnContext["progress"];
  readonly #losses: number[] = [];
  readonly #curve: LearnReport["curve"] = [];
  readonly #stride: number;
  readonly #start = performance.now();
  #reported = Number.NEGATIVE_INFINITY;
  #tokens = 0;

  /** @param steps how many are planned. */
  constructor(steps: number, notes: LearnReport["notes"], progress: LearnContext["progress"]) {
    this.#steps = steps;
    this.#notes = notes;
    this.#stride = Math.ceil(steps / mostPoints);
    this.#progress = progress;
  }

  /** @param loss of the batch, nats per token. */
  step(loss: number, learningRate: number, tokens: number): void {
    const step = this.#losses.push(loss) - 1;
    this.#tokens += tokens;
    if (step % this.#stride === 0) this.#curve.push({ step, loss, learningRate });
    const now = performance.now();
    if (now - this.#reported < millisecondsBetweenEvents && step + 1 < this.#steps) return;
    this.#reported = now;
    const tokensPerSecond = this.#tokens / Math.max(1e-3, (now - this.#start) / 1000);
    this.#progress({ step: step + 1, steps: this.#steps, loss, tokensPerSecond });
  }

  report(): LearnReport {
    const last = this.#losses.slice(-Math.ceil(this.#losses.length / 10));
    const finalLoss = last.length > 0 ? last.reduce((sum, loss) => sum + loss, 0) / last.length : null;
    return { steps: this.#losses.length, finalLoss, curve: this.#curve, notes: this.#notes };
  }
}
