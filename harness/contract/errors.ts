/** What the process exits with when an error of this kind ends it. */
export type ExitCode = 1 | 2 | 3 | 130;

/**
 * The one table of error codes. A code names what is wrong, not where; the exit code follows from it.
 * Documentation and `--json` output are made from this table.
 */
export const errorCodes = {
  USAGE: { exit: 2, summary: "The command line is wrong." },
  CONFIG_SYNTAX: { exit: 2, summary: "A configuration file is not valid YAML or JSON." },
  CONFIG_INVALID: { exit: 2, summary: "A configuration has a wrong key, type or value." },
  UNKNOWN_NAME: { exit: 2, summary: "A trainer, suite, scorer, metric, model or option of that name does not exist." },
  DUPLICATE_NAME: { exit: 2, summary: "Two plug-ins register the same name." },
  DATA_INVALID: { exit: 2, summary: "A data file cannot be used." },
  MODEL_INVALID: { exit: 2, summary: "A model directory cannot be used." },
  CAPABILITY_MISSING: { exit: 2, summary: "The engine or the model lacks what a trainer asks for." },
  INPUT_UNSUPPORTED: { exit: 2, summary: "A trainer or a model cannot take the inputs of a suite." },
  DEVICE_UNAVAILABLE: { exit: 2, summary: "The device that was asked for is not available." },
  ENGINE_UNAVAILABLE: { exit: 2, summary: "What an engine computes with is not installed, or too old." },
  ENGINE_FAILED: { exit: 1, summary: "The process of an engine ended, hung or ran out of memory." },
  HUB_UNAVAILABLE: { exit: 2, summary: "A repository on the Hub cannot be reached or read." },
  PLUGIN_INVALID: { exit: 2, summary: "A plug-in cannot be loaded or breaks its contract." },
  ISOLATION_UNAVAILABLE: {
    exit: 2,
    summary: "A run asks for isolated plug-ins, and this machine cannot isolate them.",
  },
  PLUGIN_FAILED: { exit: 1, summary: "A plug-in threw, hung, exited or sent invalid output while it worked." },
  PRIVILEGE_EXCEEDED: { exit: 1, summary: "A trainer used more than it declared." },
  DIVERGED: { exit: 1, summary: "The loss or its gradient is not finite." },
  ALERT: { exit: 1, summary: "An alert stopped a cell, as the configuration asks." },
  ENDPOINT_FAILED: { exit: 1, summary: "A server could not be reached, or did not answer as it should." },
  LAUNCHER_FAILED: { exit: 2, summary: "An engine that carries cells elsewhere cannot be reached, or gave them up." },
  CELL_FAILED: { exit: 1, summary: "A cell of the grid ended with an error." },
  STORAGE: { exit: 2, summary: "A file or directory cannot be written or read." },
  RUN_LOCKED: { exit: 2, summary: "Another live process works in this run directory." },
  RUN_MISMATCH: { exit: 2, summary: "The run directory belongs to another configuration." },
  ALIAS_MOVED: { exit: 2, summary: "An alias of the model registry points elsewhere than expected." },
  BASELINE_MISMATCH: { exit: 2, summary: "A baseline is of another suite." },
  SIGNATURE_INVALID: { exit: 2, summary: "A leaderboard is not signed as asked for, or cannot be signed." },
  INCONCLUSIVE: { exit: 3, summary: "The evidence does not decide." },
  CANCELLED: { exit: 130, summary: "The user cancelled." },
  INTERNAL: { exit: 1, summary: "A defect in bench itself." },
} as const satisfies Record<string, { exit: ExitCode; summary: string }>;

/** The name of a kind of error. */
export type ErrorCode = keyof typeof errorCodes;

/** The location of the cause of an error: a file with an optional 1-based line and column. */
export interface ErrorLocation {
  file: string;
  line?: number;
  column?: number;
}

/** The shape in which an error crosses threads, processes and files (class fields are lost on the way). */
export interface ErrorRecord {
  code: ErrorCode;
  message: string;
  /** What to do about it, one sentence. */
  fix?: string;
  at?: ErrorLocation;
  stack?: string;
}

/** Every error that a user sees: what is wrong, where, and how to mend it. */
export class BenchError extends Error {
  override readonly name = "BenchError";
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  readonly at: ErrorLocation | undefined;

  constructor(code: ErrorCode, message: string, details: { fix?: string; at?: ErrorLocation; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.fix = details.fix;
    this.at = details.at;
  }

  get exitCode(): ExitCode {
    return errorCodes[this.code].exit;
  }

  /** The error as plain data, which crosses threads, processes and files. */
  toRecord(): ErrorRecord {
    const record: ErrorRecord = { code: this.code, message: this.message };
    if (this.fix !== undefined) record.fix = this.fix;
    if (this.at !== undefined) record.at = this.at;
    if (this.stack !== undefined) record.stack = this.stack;
    return record;
  }

  /** The error that a record came from. */
  static fromRecord(record: ErrorRecord): BenchError {
    const error = new BenchError(record.code, record.message, { fix: record.fix, at: record.at });
    if (record.stack !== undefined) error.stack = record.stack;
    return error;
  }
}

/** What the system says where a path cannot be written or read. */
const storageFailures = ["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EIO", "ENOTDIR", "EISDIR", "EEXIST"];

/** Turns anything thrown into a `BenchError`, at a boundary; what is not one of ours becomes `fallback`. */
export function toBenchError(thrown: unknown, fallback: ErrorCode = "INTERNAL"): BenchError {
  if (thrown instanceof BenchError) return thrown;
  if (thrown instanceof Error) {
    const system = (thrown as NodeJS.ErrnoException).code;
    const storage = system !== undefined && storageFailures.includes(system);
    const error = new BenchError(storage ? "STORAGE" : fallback, thrown.message, {
      cause: thrown,
      fix: storage ? "Check the free space and the permissions of that path, or choose another with --out." : undefined,
    });
    if (thrown.stack !== undefined) error.stack = thrown.stack;
    return error;
  }
  return new BenchError(fallback, String(thrown));
}
