import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError, toBenchError } from "../../contract/errors.js";
import type { PlannedCell } from "../plan/cells.js";
import type { CellResult, WorkerMessage } from "../pool/messages.js";
import { openPool } from "../pool/pool.js";
import { CarriedCell } from "./carried-cell.js";
import type { Carrier } from "./carrier.js";
import { newCellLog } from "./cell-log.js";
import { openStore } from "./open-store.js";
import { patientStore } from "./patient-store.js";
import { type CellRequest, readRequest } from "./request.js";
import { RunStore, requestsOf } from "./run-store.js";
import { newScratch } from "./scratch.js";
import { type RequestHere, workerSetup } from "./worker-setup.js";

/** Carries out cells of one request, one at a time. */
export interface CellServer {
  /** Ids of the request's cells, in their order. */
  readonly cells: readonly string[];
  /** Carries out a cell unless that was done before; resolves once its end is in the store. Throws STORAGE. */
  serve(cell: string): Promise<CellResult>;
  close(): Promise<void>;
  /** Ends this process with what it is doing: nobody waits for it any more. Rows that are in the store stay there. */
  abandon(): void;
}

/**
 * Opens a request of a store on this machine. Data, model and worker are loaded with the first cell; whatever keeps them
 * from being loaded is how the cells end.
 *
 * @param notice takes what is said while the store refuses.
 * @throws CONFIG_INVALID, DATA_INVALID, STORAGE.
 */
export async function openCellServer(
  address: string,
  digest: string,
  notice: (text: string) => void,
): Promise<CellServer> {
  const objects = patientStore(await openStore(address), notice);
  const contents = requestsOf(objects);
  const request = await readRequest(contents, digest);
  const store = new RunStore(objects, request.run);
  const scratch = newScratch(tmpdir());
  const directory = join(scratch, "run");
  mkdirSync(directory);
  let current: CarriedCell | undefined;
  const hear = (message: Exclude<WorkerMessage, { type: "ended" }>): void => current?.hear(message);
  let opened: Promise<{ pool: Carrier; starts: RequestHere["starts"] }> | undefined;
  const open = async () => {
    const { setup, starts } = await workerSetup(request, contents, scratch, address);
    return { pool: openPool(setup, 1, hear), starts };
  };
  return {
    cells: request.cells.map(({ id }) => id),
    async serve(id) {
      const cell = plannedCell(request, id);
      const log = (await store.logs.read(id)) ?? newCellLog(id);
      if (log.end?.ok === true) return log.end;
      delete log.end;
      current = new CarriedCell(store, directory, cell, log, request.keepCheckpoints === "all");
      let result: CellResult;
      try {
        opened ??= open();
        const { pool, starts } = await opened;
        const start = starts.get(cell.record.trainer);
        const started = { ...cell, ...(start !== undefined && { start }) };
        result = await pool.run({ cell: started, finished: await current.restore() });
      } catch (error) {
        result = { ok: false, error: toBenchError(error).toRecord() };
      }
      await current.end(result);
      return result;
    },
    async close() {
      await opened?.then(({ pool }) => pool.close(false)).catch(() => undefined);
      rmSync(scratch, { recursive: true, force: true });
    },
    abandon() {
      rmSync(scratch, { recursive: true, force: true });
      process.kill(process.pid, "SIGKILL"); // process.exit() would wait for native calls in workers, and abort.
    },
  };
}

/** Throws USAGE where the request has no such cell. */
function plannedCell({ cells, trainers, orders }: CellRequest, id: string): PlannedCell {
  const record = cells.find((cell) => cell.id === id);
  const trainer = trainers.find(({ label }) => label === record?.trainer);
  const order = record && orders[record.order];
  if (record !== undefined && trainer !== undefined && order !== undefined) return { record, trainer, order };
  throw new BenchError("USAGE", `the request has no cell ${JSON.stringify(id)}`, {
    fix: `Name one of ${cells.map((cell) => cell.id).join(", ")}.`,
  });
}
