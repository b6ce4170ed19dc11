/**
 * Gives a stored record the names of today: what earlier versions wrote under other keys stays readable. A record of the
 * present version, or without a schema, is returned as it is.
 */
export function upgrade(record: unknown): unknown {
  if (record === null || typeof record !== "object") return record;
  const { schema } = record as Stored;
  return (typeof schema === "string" ? upgrades[schema]?.(record as Stored) : undefined) ?? record;
}

type Stored = Record<string, unknown>;

const upgrades: Record<string, (record: Stored) => unknown> = Object.assign(Object.create(null), {
  "row@1": ({ learnEffort, observed, ...row }: Stored) => ({
    ...row,
    schema: "row@2",
    learningUsage: learnEffort,
    ...(observed === undefined ? {} : { observed: withUsage(observed as Stored) }),
  }),
  "evaluation@1": (evaluation: Stored) => ({ ...withUsage(evaluation), schema: "evaluation@2" }),
  "curves@1": ({ stretches, ...curves }: Stored) => ({ ...curves, schema: "curves@2", segments: stretches }),
  "run@1": (stored: Stored) => {
    const run = { ...stored };
    if (Array.isArray(run.trainers)) run.trainers = run.trainers.map(withDeterminism);
    const { learnt, ...rest } = (run.source ?? {}) as Stored;
    if (learnt !== undefined) run.source = { ...rest, learned: learnt };
    return run;
  },
  "published-run@1": ({ run, curves = {}, ...published }: Stored) => ({
    ...published,
    run: upgrade(run),
    curves: Object.fromEntries(Object.entries(curves as Stored).map(([cell, record]) => [cell, upgrade(record)])),
  }),
});

/** Trainers did not say whether they are random: of those there were, the base model as it is was the only one not to be. */
const withDeterminism = (trainer: Stored | null): Stored | null =>
  trainer?.name === "frozen" && trainer.schedule === "once" ? { ...trainer, deterministic: true } : trainer;

function withUsage({ effort, ...rest }: Stored): Stored {
  return { ...rest, usage: effort };
}
