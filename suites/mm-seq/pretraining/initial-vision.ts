import { random } from "../../../harness/contract/random.js";

/**
 * Random weights of a vision tower and its projector: matrices with the deviation 1/√inputs, those that write into the
 * residual stream a tenth of it; norms 1, biases 0.
 *
 * @param shapes of all tensors, by their Hugging Face names.
 */
export function initialVision(
  shapes: Readonly<Record<string, readonly number[]>>,
  seed: number,
): { name: string; shape: readonly number[]; values: Float32Array }[] {
  return Object.entries(shapes).map(([name, shape]) => {
    const stream = random({ seed, stream: "initial-vision", item: name });
    const length = shape.reduce((product, size) => product * size, 1);
    if (shape.length === 1) {
      return { name, shape, values: new Float32Array(length).fill(/norm\d?\.weight$/.test(name) ? 1 : 0) };
    }
    const deviation = deviationOf(name) / Math.sqrt(length / shape[0]!);
    return { name, shape, values: Float32Array.from({ length }, () => stream.normal() * deviation) };
  });
}

const deviationOf = (name: string): number => {
  if (/out_proj|fc2|linear_2/.test(name)) return 0.2;
  return name.includes("position_embedding") ? 2 : 1;
};
