import type { RandomStream } from "../../../harness/contract/random.js";

export type Draw = (stream: RandomStream) => number;

/** Noise of mean 0, by name: what a gate may meet. */
export const noise: Record<string, Draw> = {
  gaussian: (stream) => stream.normal(),
  uniform: (stream) => stream.uniform() - 0.5,
  laplace: (stream) => Math.sign(stream.uniform() - 0.5) * exponential(stream),
  "student t3": (stream) => stream.normal() / Math.sqrt(mean(Array.from({ length: 3 }, () => stream.normal() ** 2))),
  "left-skewed": (stream) => 1 - exponential(stream),
  "strongly left-skewed": (stream) => Math.exp(0.5) - Math.exp(stream.normal()),
};

const exponential = (stream: RandomStream): number => -Math.log(1 - stream.uniform());
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard error of a share estimated from independent trials. */
export const monteCarloError = (share: number, trials: number): number => Math.sqrt((share * (1 - share)) / trials);

/**
 * Differences with mean −margin, of which a share falls by `worstFall` and the rest gains what makes up for it, with a
 * little noise: the rare deep falls that a few orders hardly ever show.
 */
export function rareFalls(worstFall: number, margin: number): { share: number; draw: Draw }[] {
  const falls = [0.05, 0.1, 0.2, 0.3].filter((share) => share * worstFall < 2 * margin);
  return falls.map((share) => {
    const rest = (share * worstFall - margin) / (1 - share);
    return { share, draw: (stream) => (stream.uniform() < share ? -worstFall : rest + 0.05 * stream.normal()) };
  });
}
