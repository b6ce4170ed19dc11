import { type ChildProcessByStdio, spawn } from "node:child_process";
import { basename, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { Ajv, type ValidateFunction } from "ajv";
import { explainSchemaErrors } from "../config/schema-error.js";
import { BenchError } from "../contract/errors.js";
import { packageRoot } from "../contract/files.js";
import { Connection, type ConnectionHandlers } from "./connection.js";
import { type ProtocolMethod, resultSchemas } from "./protocol.js";

/** Environment variable: how many seconds a plug-in may be silent while it is asked something. */
export const timeoutVariable = "BENCH_PLUGIN_TIMEOUT";
const defaultTimeoutSeconds = 600;
const describeTimeoutSeconds = 60;
const stopGraceMilliseconds = 5000;
/** Serves a module's trainers over the protocol: `node <host> <module>`. */
export const hostPath = join(packageRoot, "dist", "harness", "plugins", "learner-host.js");
const quotedLines = 8;

const ajv = new Ajv({ allErrors: true, verbose: true, useDefaults: true, allowUnionTypes: true });
const validators = new Map<ProtocolMethod, ValidateFunction>();

/** A child process that speaks the protocol. Killed hard, with its own children, when it hangs or breaks the rules. */
export class PluginProcess {
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly connection: Connection;
  private readonly exited: Promise<void>;
  private silence: NodeJS.Timeout | undefined;
  private stderrTail = "";
  private failure: BenchError | undefined;
  private asked: ProtocolMethod | undefined;

  /**
   * @param words program and arguments; no shell.
   * @param whose used in messages, such as `trainer "memorizer"`.
   */
  constructor(
    private readonly words: readonly string[],
    private readonly whose: string,
    handlers: Omit<ConnectionHandlers, "protocolError"> = { request: refuse, notification: () => {} },
  ) {
    this.child = spawn(words[0]!, words.slice(1), { stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.connection = new Connection(this.child.stdout, this.child.stdin, {
      request: (method, parameters) => {
        this.heard();
        return handlers.request(method, parameters);
      },
      notification: (method, parameters) => {
        this.heard();
        handlers.notification(method, parameters);
      },
      protocolError: (what) =>
        this.fail(what, "Keep standard output for the protocol; print diagnostics to standard error."),
    });
    this.child.stderr.setEncoding("utf8");
    this.child.stderr.on("data", (text: string) => {
      this.stderrTail = (this.stderrTail + text).slice(-4000);
    });
    this.exited = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.asked = undefined;
        this.fail(`cannot be started: ${error.message}`, `Check that "${words[0]}" is installed and on the PATH.`);
        resolve();
      });
      // "close" comes after both streams ended, so that the last words are complete
      this.child.on("close", (code, signal) => {
        this.fail(
          signal === null ? `exited with code ${code}` : `was ended by ${signal}`,
          "Run the command by hand to see why; it must answer requests until its standard input ends.",
        );
        resolve();
      });
    });
  }

  get alive(): boolean {
    return this.failure === undefined;
  }

  /** Asks and checks the answer against the protocol. Throws PLUGIN_FAILED, or the plug-in's own coded error. */
  async ask<T>(method: ProtocolMethod, parameters: unknown = null): Promise<T> {
    if (this.failure !== undefined) throw this.failure;
    const before = this.asked; // while it learns, it may be asked for answers
    this.asked = method;
    this.heard();
    try {
      const answer = this.connection.request(method, parameters);
      this.heard();
      return this.checked<T>(method, await answer);
    } catch (error) {
      throw error === this.failure ? error : this.named(`failed in "${method}": `, error as BenchError);
    } finally {
      this.asked = before;
      this.heard();
    }
  }

  notify(method: string): void {
    this.connection.notify(method, null);
  }

  /** Kills the process and whatever it started, immediately. */
  kill(): void {
    try {
      process.kill(-this.child.pid!, "SIGKILL");
    } catch {
      this.child.kill("SIGKILL");
    }
  }

  /** Ends its standard input and waits for it to exit; kills it when it does not. */
  async stop(): Promise<void> {
    this.failure ??= new BenchError("PLUGIN_FAILED", `${this.whose} was stopped`);
    this.child.stdin.end();
    const grace = setTimeout(() => this.kill(), stopGraceMilliseconds);
    await this.exited;
    clearTimeout(grace);
  }

  /** Whether it keeps this process from ending by itself. */
  hold(held: boolean): void {
    const change = held ? "ref" : "unref";
    this.child[change]();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) {
      (stream as unknown as { ref(): void; unref(): void })[change]();
    }
  }

  /** Any message is a sign of life: the clock of silence starts again. */
  private heard(): void {
    clearTimeout(this.silence);
    if (!this.connection.waiting) return;
    const seconds = timeoutSeconds(this.asked);
    this.silence = setTimeout(
      () =>
        this.fail(
          `was silent for ${seconds} s`,
          `Report progress more often, or allow more time: ${timeoutVariable}=<seconds>.`,
        ),
      seconds * 1000,
    );
  }

  private checked<T>(method: ProtocolMethod, answer: unknown): T {
    let validate = validators.get(method);
    if (validate === undefined) {
      validate = ajv.compile(resultSchemas[method]);
      validators.set(method, validate);
    }
    if (validate(answer)) return answer as T;
    const { message, fix } = explainSchemaErrors(validate.errors ?? [], answer)[0]!;
    throw new BenchError("PLUGIN_FAILED", `its answer is wrong: ${message}`, { fix });
  }

  private fail(what: string, fix: string): void {
    if (this.failure !== undefined) return;
    this.failure = this.named(
      "",
      new BenchError("PLUGIN_FAILED", this.asked === undefined ? what : `${what} during "${this.asked}"`, { fix }),
    );
    clearTimeout(this.silence);
    this.kill();
    this.connection.close(this.failure);
  }

  /** The error with the plug-in's name before it and, where the plug-in itself is at fault, its last words after it. */
  private named(verb: string, error: BenchError): BenchError {
    if (error.code === "CANCELLED" || error.code === "PLUGIN_INVALID") return error;
    const words = this.stderrTail.trimEnd().split("\n").slice(-quotedLines).join("\n  ");
    const quoted = error.code !== "PLUGIN_FAILED" || words === "" ? "" : `\nits standard error ends with:\n  ${words}`;
    const fix = error.fix ?? "Fix the plug-in; its output is shown above.";
    return BenchError.fromRecord({
      code: error.code,
      message: `${this.whose} (${programName(this.words)}) ${verb}${error.message}${quoted}`,
      fix,
      stack: error.stack,
    });
  }
}

/** What people call the program: the module that the host serves, or the command as it was given. */
const programName = (words: readonly string[]): string =>
  words[1] === hostPath ? basename(words[2] ?? "") : words.map((word) => basename(word)).join(" ");

function timeoutSeconds(method: ProtocolMethod | undefined): number {
  const asked = Number(process.env[timeoutVariable]);
  const most = asked > 0 ? asked : defaultTimeoutSeconds;
  return method === "describe" ? Math.min(most, describeTimeoutSeconds) : most;
}

async function refuse(method: string): Promise<never> {
  throw new BenchError("PLUGIN_FAILED", `"${method}" may be asked for only while learning`);
}
