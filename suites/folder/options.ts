import type { Caps, LoadOptions } from "./load-tasks.js";

/** Options of every suite that reads files. */
export interface DataOptions {
  emptyAnswers: LoadOptions["emptyAnswers"];
  maxTrain?: number;
  maxValidation?: number;
  maxTest?: number;
}

/** Small enough for a smoke test on any data. */
const quickCaps: Caps = { train: 128, validation: 32, test: 32 };

/** The schema of the options, with what is done about empty answers unless told otherwise. */
export function dataOptions(emptyAnswers: LoadOptions["emptyAnswers"]): Record<string, unknown> {
  const cap = (what: string) => ({
    type: "integer",
    minimum: 1,
    description: `Most ${what} of a task; all when absent`,
  });
  return {
    emptyAnswers: {
      enum: ["error", "leave-out"],
      default: emptyAnswers,
      description: "A row with an empty answer is an error, or is counted and left out",
    },
    maxTrain: cap("training rows"),
    maxValidation: cap("validation rows"),
    maxTest: cap("test rows"),
  };
}

/** What is done about empty answers, and how many rows of each kind a task keeps. */
export function limitsOf({ emptyAnswers, maxTrain, maxValidation, maxTest }: DataOptions, quick: boolean): LoadOptions {
  const cap = (given = Number.MAX_SAFE_INTEGER, small: number) => (quick ? Math.min(given, small) : given);
  return {
    emptyAnswers,
    caps: {
      train: cap(maxTrain, quickCaps.train),
      validation: cap(maxValidation, quickCaps.validation),
      test: cap(maxTest, quickCaps.test),
    },
  };
}
