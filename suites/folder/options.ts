import type { OptionsOf } from "../../harness/contract/options.js";
import { Type } from "../../harness/contract/type.js";
import type { Caps, LoadOptions } from "./load-tasks.js";

/** Small enough for a smoke test on any data. */
const quickCaps: Caps = { train: 128, validation: 32, test: 32 };

/** Options of every suite that reads files, with what is done about empty answers by default. */
export const dataOptions = (emptyAnswers: LoadOptions["emptyAnswers"]) => ({
  emptyAnswers: Type.Enum(["error", "leave-out"], {
    default: emptyAnswers,
    description: "A row with an empty answer is an error, or is counted and left out",
  }),
  maxTrain: mostRows("training rows"),
  maxValidation: mostRows("validation rows"),
  maxTest: mostRows("test rows"),
});

/** Option that limits the rows of one kind. */
export const mostRows = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description: `Most ${what} of a task; all when absent` }));

const text = { minLength: 1 };

/** Options of every suite that reads a directory of tasks. */
export const folderOptions = {
  ...dataOptions("error"),
  settings: Type.Optional(
    Type.String({ ...text, description: "Path of a suite.yaml elsewhere, for data that cannot be written to" }),
  ),
  tasks: Type.Optional(
    Type.Array(Type.String(text), {
      minItems: 1,
      uniqueItems: true,
      description: "The tasks that are read; all when absent",
    }),
  ),
};

export type DataOptions = OptionsOf<ReturnType<typeof dataOptions>>;
export type FolderOptions = OptionsOf<typeof folderOptions>;

/** What is done about empty answers, and how many rows of each kind a task keeps. */
export function limitsOf(options: DataOptions, quick: boolean): LoadOptions {
  return { emptyAnswers: options.emptyAnswers, caps: capsOf(options, quick) };
}

/** How many rows of each kind a task keeps. */
export function capsOf(
  { maxTrain, maxValidation, maxTest }: Partial<Omit<DataOptions, "emptyAnswers">>,
  quick: boolean,
): Caps {
  const cap = (given = Number.MAX_SAFE_INTEGER, small: number) => (quick ? Math.min(given, small) : given);
  return {
    train: cap(maxTrain, quickCaps.train),
    validation: cap(maxValidation, quickCaps.validation),
    test: cap(maxTest, quickCaps.test),
  };
}
