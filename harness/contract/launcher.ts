/** What one cell may use of a machine, and how long. */
export interface CellNeed {
  cpus: number;
  gpus: number;
  /** Undefined where it is not known. */
  memoryBytes?: number;
  /** Of one attempt; without a limit when absent. */
  timeoutSeconds?: number;
  /** How often a cell is started again after its worker or its machine died. */
  retries: number;
}

/** Some cells of a run, to be carried out together. */
export interface Job {
  /** Letters, digits and hyphens; the same job has the same id in every attempt to submit it. */
  id: string;
  /**
   * Starts a worker. It reads ids of cells from its standard input, one a line, and answers each with a line of JSON
   * `{"cell": …}` once the cell's end is in the store; it ends with its input, whatever it is doing. With `--cell <n>` it carries out the n-th
   * cell, counted from 0, and ends.
   */
  command: readonly string[];
  /** Ids of the cells, in the order in which they are to start. */
  cells: readonly string[];
  /** Cells at a time, at most. */
  parallel: number;
  need: CellNeed;
  /** A directory for what the engine writes for people, such as logs. */
  logs: string;
}

/** How far a job is. */
export interface JobState {
  /** Whether it may still start or finish cells. */
  alive: boolean;
  /** Why it ended, or what it waits for, in words. */
  detail?: string;
  /** Cells that the engine gave up, retries included, with the reason. */
  lost: ReadonlyMap<string, string>;
}

/** A connection to the engine that starts workers. */
export interface Launcher {
  /** Hands in a job. One that is there already, by its id, is left as it is. Throws LAUNCHER_FAILED. */
  submit(job: Job): Promise<void>;
  /**
   * How far a job is; undefined where the engine knows none of that id. Throws LAUNCHER_FAILED.
   *
   * @param cells of the job, as it was handed in, by an earlier process too.
   */
  state(id: string, cells: readonly string[]): Promise<JobState | undefined>;
  /** Ends a job and its workers. One that has ended, or was never there, is no error. Throws LAUNCHER_FAILED. */
  cancel(id: string): Promise<void>;
  /** Lets go of the connection. What was handed in goes on where the engine can do that without this process. */
  close(): Promise<void>;
}

/** An engine that carries out cells on other machines, or in other processes: what `--on` names. */
export interface LauncherDefinition {
  name: string;
  summary: string;
  /** Schemes of addresses that mean this engine, such as `http` in `http://host:8265`. */
  schemes?: readonly string[];
  /** JSON schema of its own options, the section `remote.options` of a configuration. */
  options: Record<string, unknown>;
  /** Cells that it starts at a time unless the configuration says otherwise; all when absent. */
  parallel?(): number;
  /**
   * Connects to it. Asked before a run starts.
   *
   * @param place as written after `--on`: the name alone, or an address.
   * @throws LAUNCHER_FAILED with what to install or start; CONFIG_INVALID for an address that it cannot use.
   */
  open(place: string, options: Record<string, unknown>): Promise<Launcher>;
}
