import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { BenchError, type ErrorCode, errorCodes } from "../../../harness/contract/errors.js";
import { packageRoot } from "../../../harness/contract/files.js";
import type { ChildDevices } from "./devices.js";
import { encodeMessage, MessageReader } from "./frames.js";

/** Where the Python package `bench_torch` is. */
export const pythonPath = join(packageRoot, "trainers", "engine", "torch");

/** Seconds without a word of a child that was asked something, after which it counts as hanging. */
const silenceSeconds = 600;
/** As many for opening a model, which says nothing on the way. */
export const openingSeconds = 3600;
const quotedLines = 8;

/** The child ran out of memory in a call; nothing was changed, and it goes on. */
export class OutOfMemory extends Error {}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  goesOn: GoesOn | undefined;
}

/**
 * Hears of each step of the answers that are under way, with the token that its own has grown by, if it has. False where
 * nobody waits for it any more.
 */
export type GoesOn = (token: number | undefined) => boolean;

/** What the child says without having been asked. */
interface Notification {
  method?: string;
  params?: { tokens?: [number, number][] };
}

/** What the child answers with where a call failed. */
interface Failure {
  message: string;
  data: { code?: string; fix?: string | null; trace?: string };
}

/**
 * The process that computes, `python -m bench_torch`, or the one that starts several for one model. It ends with its standard input, so with this process, however that
 * ends; and does not keep this process from ending.
 */
export class TorchChild {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  private silence: NodeJS.Timeout | undefined;
  private patience = silenceSeconds;
  private stderrTail = "";
  private failure: BenchError | undefined;
  /** When it has ended, with whatever it started. */
  readonly closed: Promise<void>;

  /** @param devices the CPU, or what this process sees, unless given. */
  constructor(python: string, threads: number, { processes, visible }: Partial<ChildDevices> = {}) {
    const given = process.env.PYTHONPATH;
    const module = (processes ?? 1) > 1 ? ["bench_torch.launch", String(processes)] : ["bench_torch"];
    this.child = spawn(python, ["-m", ...module, String(threads)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        PYTHONPATH: given ? `${pythonPath}${delimiter}${given}` : pythonPath,
        PYTHONDONTWRITEBYTECODE: "1",
        OMP_NUM_THREADS: String(threads),
        CUBLAS_WORKSPACE_CONFIG: ":4096:8",
        ...(visible !== undefined && { CUDA_VISIBLE_DEVICES: visible }),
        HF_HUB_OFFLINE: "1",
        HF_HUB_DISABLE_PROGRESS_BARS: "1",
        TRANSFORMERS_VERBOSITY: "error",
        TOKENIZERS_PARALLELISM: "false",
      },
    });
    const reader = new MessageReader((message) => this.hear(message));
    this.child.stdout.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        this.fail("wrote something else than an answer");
        this.kill();
      }
    });
    this.child.stderr.setEncoding("utf8");
    this.child.stderr.on("data", (text: string) => {
      this.stderrTail = (this.stderrTail + text).slice(-4000);
    });
    this.child.stdin.on("error", () => {}); // "close" says more
    this.child.on("error", (error) => this.fail(`cannot be started: ${error.message}`));
    // "close" comes after both streams ended, so that the last words are complete
    this.closed = new Promise((resolve) => {
      this.child.on("close", (code, signal) => {
        this.fail(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
        resolve();
      });
    });
    this.hold(false);
  }

  get alive(): boolean {
    return this.failure === undefined;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param patience seconds without a word after which the child is killed.
   * @param goesOn of an answer that joins those under way.
   * @throws OutOfMemory; ENGINE_FAILED where the child ends, hangs or fails in the call; else the coded error of the call.
   */
  ask<T>(method: string, params: object, patience = silenceSeconds, goesOn?: GoesOn): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const id = ++this.asked;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as Waiting["resolve"], reject, goesOn });
      this.hold(true);
      this.patience = patience;
      this.listen();
      this.say({ id, method, params });
    });
  }

  private say(message: object): void {
    for (const part of encodeMessage({ jsonrpc: "2.0", ...message })) this.child.stdin.write(part);
  }

  /** Ends the process without asking. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  private hear({
    id,
    result,
    error,
    ...said
  }: { id?: number; result?: unknown; error?: Failure } & Notification): void {
    if (id === undefined) {
      this.listen();
      if (said.method === "step") this.hearStep(new Map(said.params?.tokens));
      return;
    }
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size > 0) this.listen();
    else {
      clearTimeout(this.silence);
      this.hold(false);
    }
    if (error === undefined) waiting?.resolve(result ?? undefined);
    else waiting?.reject(this.errorOf(error));
  }

  private hearStep(tokens: ReadonlyMap<number, number>): void {
    for (const [id, waiting] of this.waiting) {
      if (waiting.goesOn === undefined) continue;
      try {
        if (waiting.goesOn(tokens.get(id))) continue;
      } catch (error) {
        waiting.reject(error as Error);
      }
      waiting.goesOn = undefined;
      this.say({ method: "leave", params: { number: id } });
    }
  }

  private errorOf({ message, data: { code, fix, trace } }: Failure): Error {
    if (code === "OUT_OF_MEMORY") return new OutOfMemory(message);
    if (code !== undefined && Object.hasOwn(errorCodes, code)) {
      return new BenchError(code as ErrorCode, message, { fix: fix ?? undefined });
    }
    return this.failed(`failed: ${message}`, trace);
  }

  /** Waits for the next word; kills the child where it does not come. */
  private listen(): void {
    const { patience } = this;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.fail(`said nothing for ${patience} seconds`);
      this.kill();
    }, patience * 1000);
  }

  private fail(what: string): void {
    if (this.failure !== undefined) return;
    this.failure = this.failed(what);
    clearTimeout(this.silence);
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
    this.hold(false);
  }

  private failed(what: string, words = this.stderrTail): BenchError {
    const lines = words.trimEnd().split("\n").slice(-quotedLines).join("\n");
    const said = lines === "" ? "" : `; its last words:\n${lines}`;
    return new BenchError("ENGINE_FAILED", `The process of the engine "torch" ${what}${said}`, {
      fix: "Run it again with --retry-failed: the cell goes on after its last finished task.",
    });
  }

  /** Whether this process waits for the child. */
  private hold(wanted: boolean): void {
    const { child } = this;
    for (const handle of [child, child.stdin, child.stdout, child.stderr] as unknown as Pick<
      Socket,
      "ref" | "unref"
    >[]) {
      if (wanted) handle.ref();
      else handle.unref();
    }
  }
}

const children = new Map<string, TorchChild>();

/** The child of this thread for an interpreter, a number of threads and devices; started where there is none that lives. */
export function childFor(python: string, threads: number, devices: ChildDevices): TorchChild {
  const key = JSON.stringify([python, threads, devices]);
  const known = children.get(key);
  if (known?.alive) return known;
  const child = new TorchChild(python, threads, devices);
  children.set(key, child);
  return child;
}
