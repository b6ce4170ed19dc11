import { defaultAlerts } from "../../contract/alert.js";
import type { Launcher } from "../../contract/launcher.js";
import type { JournalEvent } from "../../contract/result.js";
import { groupBy } from "../../metrics/statistics/clusters.js";
import type { RunPlan } from "../plan/plan.js";
import type { CellEvent, WorkerSetup } from "../pool/messages.js";
import { openPools } from "../pool/slots.js";
import type { CellState } from "../store/cell-state.js";
import type { Carrier, CarrierMessage } from "./carrier.js";
import { eventKeys } from "./cell-log.js";
import { JobBook } from "./job-book.js";
import { openStore } from "./open-store.js";
import { patientStore } from "./patient-store.js";
import { RemoteCarrier } from "./remote-carrier.js";
import { RunStore } from "./run-store.js";

/** What a carrier is opened with. */
export interface CarrierParts {
  plan: RunPlan;
  /** Cells at a time. */
  workers: number;
  /** The engine, where cells are carried out elsewhere. */
  launcher: Launcher | undefined;
  events: readonly JournalEvent[];
  states: Readonly<Record<string, CellState>>;
}

/** What carries out the cells of a run. Throws CONFIG_INVALID for a store that cannot be. */
export async function openCarrier(
  { plan, workers, launcher, events, states }: CarrierParts,
  say: (message: CarrierMessage) => void,
): Promise<Carrier> {
  const { elsewhere, record } = plan;
  const { slots } = plan.devices;
  const shared = setupOf(plan);
  if (elsewhere === undefined || launcher === undefined) return openPools(shared, workers, slots, say);
  const notice = (text: string) => say({ type: "notice", text });
  const store = await openStore(elsewhere.store);
  await store.create();
  const objects = patientStore(store, notice);
  // a run that was extended keeps its place in the store, where jobs from before still write
  const began = events.find(({ type }) => type === "run-started");
  const place = began?.type === "run-started" ? began.configDigest : record.configDigest;
  const sharing = { store: store.address, run: place };
  const setup = { ...shared, device: slots[0]!, sharing };
  const submitted = events.filter((event) => event.type === "job-submitted");
  const idsOf = (...statuses: CellState["status"][]) =>
    new Set(record.cells.flatMap(({ id }) => (statuses.includes(states[id]!.status) ? [id] : [])));
  const jobs = new JobBook(
    { ...plan, elsewhere },
    setup,
    launcher,
    objects,
    submitted,
    idsOf("failed", "cancelled"),
    say,
  );
  const told = events.filter((event) => ["cell-started", "row-finished", "alert"].includes(event.type)) as CellEvent[];
  const keys = Array.from(
    groupBy(told, ({ cell }) => cell),
    ([cell, own]) => [cell, new Set(eventKeys(own))] as const,
  );
  return new RemoteCarrier(plan, new RunStore(objects, place), jobs, new Map(keys), idsOf("failed"), say);
}

/** What the workers of a plan are started with. */
function setupOf(plan: RunPlan): Omit<WorkerSetup, "cancelled" | "device"> {
  const { directory, plugins, model, engine, confinement, config } = plan;
  const { oracle: _oracle, ...suite } = plan.suite;
  const { dtype, python, imageFeatures, threads, quick, alerts = defaultAlerts, observation } = config;
  const { chat } = plan.record.model;
  const compute = {
    ...(dtype && { dtype }),
    ...(python && { python }),
    ...(imageFeatures !== undefined && { featureBytes: imageFeatures * 2 ** 20 }),
  };
  return {
    ...{ directory, plugins, confinement, suite, model, engine, compute, threads, quick },
    ...{ alerts, observation, chat },
  };
}
