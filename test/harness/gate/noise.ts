import type { RandomStream } from "../../../harness/contract/random.js";

/** Noise of mean 0, by name: what a gate may meet. */
export const noise: Record<string, (stream: RandomStream) => number> = {
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
