import Type from "typebox";
import type { OptionsOf } from "../../harness/contract/options.js";
import type { Caps, LoadOptions } from "./load-tasks.js";

/** Small enough for a smoke test on any data. */
const quickCaps: Caps = { train: 128, validation: 32, test: 32 };

/** Options of every suite that reads files, with what is done about empty answers by default. */
export const dataOptions = (emptyAnswers: LoadOptions["emptyAnswers"]) => ({
  emptyAnswers: Type.Enum(["error", "leave-out"], {
    default: emptyAnswers,
    description: "A row with an empty answer is an error, or is counted and left out",
  }),
  maxTrain: cap("training rows"),
  maxValidation: cap("validation rows"),
  maxTest: cap("test rows"),
});

const cap = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description: `Most ${what} of a task; all when absent` }));

export type DataOptions = OptionsOf<ReturnType<typeof dataOptions>>;

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
