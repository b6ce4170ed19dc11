import { BenchError } from "../../contract/errors.js";
import type { TrainerRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { loadRegistry, type Registry } from "../../plugins.js";
import { openStore } from "../carry/open-store.js";
import { patientStore } from "../carry/patient-store.js";
import { RunStore } from "../carry/run-store.js";
import type { EvaluationContext } from "../evaluate/evaluate.js";
import type { SharedEvaluations } from "../evaluate/evaluation-store.js";
import type { WorkerMessage, WorkerSetup } from "./messages.js";

/** What a worker keeps from cell to cell. */
export interface WorkerContext {
  readonly setup: WorkerSetup;
  readonly registry: Registry;
  readonly suite: Omit<Suite, "oracle">;
  readonly sharedEvaluations: SharedEvaluations | undefined;
  /** Whether models compute on the worker's thread alone. */
  readonly onThread: boolean;
  cancelled(): boolean;
  post(message: WorkerMessage): void;
}

/** Loads the registry and seals the data: no trainer can change what the next cell sees. */
export async function openWorkerContext(
  setup: WorkerSetup,
  post: (message: WorkerMessage) => void,
): Promise<WorkerContext> {
  const flag = new Int32Array(setup.cancelled);
  const registry = await loadRegistry(setup.plugins, setup.confinement);
  const engine = setup.engine === undefined ? undefined : registry.engine(setup.engine);
  return {
    setup,
    registry,
    onThread: setup.threads === 1 && setup.device === "cpu" && !engine?.startsProcesses,
    suite: freeze(setup.suite),
    sharedEvaluations: await openSharedEvaluations(setup, post),
    cancelled: () => Atomics.load(flag, 0) !== 0,
    post,
  };
}

async function openSharedEvaluations(
  { sharing, directory }: WorkerSetup,
  post: (message: WorkerMessage) => void,
): Promise<SharedEvaluations | undefined> {
  if (sharing === undefined) return undefined;
  const objects = patientStore(await openStore(sharing.store), (text) => post({ type: "notice", text }));
  return new RunStore(objects, sharing.run).evaluations(directory);
}

/** Throws CANCELLED once the user has cancelled the run. */
export function checkCancelled(worker: WorkerContext): void {
  if (worker.cancelled()) throw new BenchError("CANCELLED", "the run was cancelled");
}

/** How a trainer's learner is asked and its answers are scored. */
export function evaluationContext(
  { registry }: WorkerContext,
  { privileges }: TrainerRecord,
  progress: EvaluationContext["progress"],
): EvaluationContext {
  return { scorer: registry.scorer, taskIdAtTest: privileges.taskIdAtTest, progress };
}

function freeze<T>(value: T): T {
  if (value !== null && typeof value === "object" && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
