import type { Alert } from "../../contract/alert.js";
import { canonicalJson } from "../../contract/digest.js";
import type { ErrorRecord } from "../../contract/errors.js";
import type { CellRecord, CellStatus, JournalEvent, MachineRecord } from "../../contract/result.js";

/** What happened to one cell so far, by the journal. */
export interface CellState {
  status: CellStatus;
  /** Finished rows in order, each with its artifacts: path → SHA-256. */
  rows: { row: number; artifacts: Record<string, string> }[];
  alerts: Alert[];
  /** Ids of the alerts that a webhook took. */
  delivered: string[];
  /** Where it was carried out, each machine once; none where that was in the run's own process. */
  machines: MachineRecord[];
  error?: ErrorRecord;
}

/** Folds a journal into the state of each planned cell. */
export function cellStates(
  cells: readonly Pick<CellRecord, "id">[],
  events: readonly JournalEvent[],
): Record<string, CellState> {
  const states: Record<string, CellState> = Object.create(null);
  for (const { id } of cells) states[id] = { status: "pending", rows: [], alerts: [], delivered: [], machines: [] };
  for (const event of events) applyEvent(states, event);
  return states;
}

/** Takes one more event into account. */
export function applyEvent(states: Record<string, CellState>, event: JournalEvent): void {
  const state = "cell" in event ? states[event.cell] : undefined;
  if (state === undefined) return;
  switch (event.type) {
    case "cell-started":
      state.status = "running";
      state.rows = state.rows.filter(({ row }) => row < event.fromRow);
      state.alerts = state.alerts.filter(({ row }) => row < event.fromRow);
      delete state.error;
      addMachine(state, event.machine);
      break;
    case "row-finished":
      state.rows.push({ row: event.row, artifacts: event.artifacts });
      break;
    case "alert":
      state.alerts.push(event.alert);
      break;
    case "alert-delivered":
      state.delivered.push(event.alert);
      break;
    case "cell-finished":
      state.status = "done";
      break;
    case "cell-failed":
      state.status = "failed";
      state.error = event.error;
      break;
    case "cell-cancelled":
      state.status = "cancelled";
      break;
  }
}

function addMachine({ machines }: CellState, machine: MachineRecord | undefined): void {
  if (machine === undefined) return;
  if (!machines.some((known) => canonicalJson(known) === canonicalJson(machine))) machines.push(machine);
}
