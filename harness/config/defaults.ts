import { BenchError } from "../contract/errors.js";
import type { SuiteDefinition } from "../contract/suite.js";
import type { TrainerDefinition } from "../contract/trainer.js";

/** The suite of a run that names none. Throws UNKNOWN_NAME where no plug-in offers one. */
export function defaultSuite(suites: readonly SuiteDefinition[]): SuiteDefinition {
  return found(
    suites.find((suite) => suite.default === true),
    "no suite is named, and no plug-in offers a default one",
    "Name a suite, or a location as <suite>:<location>.",
  );
}

/** The suite that reads a location that is named without one. Throws UNKNOWN_NAME where no plug-in offers one. */
export function locationSuite(suites: readonly SuiteDefinition[]): SuiteDefinition {
  return found(
    suites.find(({ readsLocations }) => readsLocations === true),
    "no suite reads a location that is named alone",
    "Write it as <suite>:<location>.",
  );
}

/** Names of the trainers that a run compares unless it names others, in the order of their registration. */
export function defaultTrainers(trainers: readonly TrainerDefinition[]): string[] {
  return trainers.filter((trainer) => trainer.default === true).map(({ name }) => name);
}

/** The trainer by which a checkpoint, or a model behind a server, is evaluated. Throws UNKNOWN_NAME where there is none. */
export function evaluator(
  trainers: readonly TrainerDefinition[],
  kind: NonNullable<TrainerDefinition["evaluates"]>,
): TrainerDefinition {
  return found(
    trainers.find(({ evaluates }) => evaluates === kind),
    `no trainer evaluates a ${kind}`,
    "Name one with --trainer.",
  );
}

function found<T>(value: T | undefined, message: string, fix: string): T {
  if (value !== undefined) return value;
  throw new BenchError("UNKNOWN_NAME", message, { fix });
}
