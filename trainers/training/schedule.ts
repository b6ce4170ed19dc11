/** How the learning rate runs through one task. */
export interface LearningRateSchedule {
  shape: "constant" | "cosine" | "linear";
  /** The rate after warm-up in the first task. */
  initial: number;
  /** Each task starts at the rate of the one before times this. */
  decayFactor: number;
  /** Steps over which the rate rises linearly to its start. */
  warmupSteps: number;
  /** What is left of the start at the end of a task; constant keeps all of it. */
  finalShare: number;
}

/**
 * The learning rate of one step: initial · decayFactor^task · warm-up · decay. Warm-up is (step + 1) / warmupSteps up
 * to 1; decay falls from 1 at the first step toward `finalShare` at `steps`, in a line or half a cosine.
 *
 * @param task 0-based place in the sequence.
 * @param step 0-based, of `steps`.
 */
export function learningRateAt(schedule: LearningRateSchedule, task: number, step: number, steps: number): number {
  const start = schedule.initial * schedule.decayFactor ** task;
  const warmup = schedule.warmupSteps > 0 ? Math.min(1, (step + 1) / schedule.warmupSteps) : 1;
  return start * warmup * remaining(schedule, step / steps);
}

function remaining({ shape, finalShare }: LearningRateSchedule, progress: number): number {
  if (shape === "constant") return 1;
  const falling = shape === "linear" ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return finalShare + (1 - finalShare) * falling;
}
