/** The Python that tests of this engine run on; they are skipped without it. */
export const python = process.env.BENCH_TORCH_PYTHON;
export const skipped = python === undefined;
if (skipped) console.warn("Skipped: BENCH_TORCH_PYTHON names no Python with torch, transformers and peft.");
