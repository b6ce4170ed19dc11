import { type ChildProcessByStdio, spawn } from "node:child_process";
import { basename, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Ajv, ValidateFunction } from "ajv";
import { explainSchemaErrors, ownSchemas } from "../config/schema-error.js";
import { BenchError } from "../contract/errors.js";
import { packageRoot } from "../contract/files.js";
import { type Confinement, type Isolation, unconfined } from "../contract/isolation.js";
import { packages } from "../contract/packages.js";
import type { LearnerContext } from "../contract/trainer.js";
import { Connection, type ConnectionHandlers } from "./connection.js";
import { type Launch, launch, type PluginProgram } from "./isolation/launch.js";
import { Watchdog } from "./isolation/watchdog.js";
import { Workspace } from "./isolation/workspace.js";
import { type ProtocolMethod, resultSchemas } from "./protocol.js";

/** Environment variable: how many seconds a plug-in may be silent while it is asked something. */
export const timeoutVariable = "BENCH_PLUGIN_TIMEOUT";
const defaultTimeoutSeconds = 600;
const loadTimeoutSeconds = 60;
const stopGraceMilliseconds = 5000;
/** From the exit to the end of its streams, which a child that escaped may hold open. */
const closeGraceMilliseconds = 2000;
/** Serves a module's trainers over the protocol: `node <host> <module>`. */
export const hostPath = join(packageRoot, "dist", "harness", "plugins", "learner-host.js");
const quotedLines = 8;
/** What Node and the system say to an isolated plug-in that reaches beyond its own files. */
const deniedPattern = /ERR_ACCESS_DENIED|Access to this API has been restricted|EROFS|Read-only file system/;
const deniedFix =
  "It is isolated: it reads its own package and the model, and writes in its working directory. --isolate never allows all.";

let ajv: Ajv | undefined;
const validators = new Map<ProtocolMethod, ValidateFunction>();

/** What a process of a plug-in is started for. */
export interface PluginPurpose {
  /** Used in messages, such as `trainer "memorizer"`. */
  whose: string;
  handlers?: Omit<ConnectionHandlers, "protocolError">;
  confinement?: Confinement;
  /** Of the learner that it will serve: its model and the paths in its options can be read in any case. */
  context?: LearnerContext;
}

/**
 * A child process that speaks the protocol, in a working directory of its own. Killed hard, with its own children, when
 * it hangs or breaks the rules; it ends with this process however that ends.
 */
export class PluginProcess {
  readonly workspace = new Workspace();
  readonly isolation: Isolation;
  private readonly whose: string;
  private readonly watchdog: Watchdog;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  private readonly connection: Connection;
  private readonly exited: Promise<void>;
  private silence: NodeJS.Timeout | undefined;
  private stderrTail = "";
  private failure: BenchError | undefined;
  private asked: ProtocolMethod | undefined;

  /** Starts it, without a shell. Throws ISOLATION_UNAVAILABLE. */
  constructor(
    private readonly program: PluginProgram,
    { whose, handlers = { request: refuse, notification: () => {} }, confinement = unconfined, context }: PluginPurpose,
  ) {
    this.whose = whose;
    const { words, isolation } = this.launched(confinement, context);
    this.isolation = isolation;
    this.watchdog = new Watchdog(this.workspace.root);
    this.child = spawn(words[0]!, words.slice(1), {
      cwd: this.workspace.root,
      env: this.workspace.environment(),
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.watchdog.watch(this.child.pid);
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
        const [command] = program.words;
        this.fail(`cannot be started: ${error.message}`, `Check that "${command}" is installed and on the PATH.`);
        this.watchdog.end();
        resolve();
      });
      this.child.on("exit", () => {
        this.watchdog.end();
        setTimeout(() => this.child.stdout.destroy(), closeGraceMilliseconds).unref();
        setTimeout(() => this.child.stderr.destroy(), closeGraceMilliseconds).unref();
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

  /** Ends its standard input and waits for it to exit; kills it when it does not. Its working directory is removed. */
  async stop(): Promise<void> {
    this.failure ??= new BenchError("PLUGIN_FAILED", `${this.whose} was stopped`);
    this.child.stdin.end();
    const grace = setTimeout(() => this.kill(), stopGraceMilliseconds);
    await this.exited;
    clearTimeout(grace);
    this.workspace.remove();
  }

  private launched(confinement: Confinement, context: LearnerContext | undefined): Launch {
    try {
      return launch(this.program, confinement, this.workspace.root, context);
    } catch (error) {
      this.workspace.remove();
      throw error;
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
      ajv ??= new packages.ajv.Ajv({ ...ownSchemas, useDefaults: true });
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
    const denied = this.isolation !== "none" && deniedPattern.test(`${error.message}\n${words}`);
    const fix = denied ? deniedFix : (error.fix ?? "Fix the plug-in; its output is shown above.");
    return BenchError.fromRecord({
      code: error.code,
      message: `${this.whose} (${programName(this.program)}) ${verb}${error.message}${quoted}`,
      fix,
      stack: error.stack,
    });
  }
}

/** What people call the program: the module that the host serves, or the command as it was given. */
const programName = ({ words, modules = [] }: PluginProgram): string =>
  modules.length > 0 ? basename(modules[0]!) : words.map((word) => basename(word)).join(" ");

function timeoutSeconds(method: ProtocolMethod | undefined): number {
  const asked = Number(process.env[timeoutVariable]);
  const most = asked > 0 ? asked : defaultTimeoutSeconds;
  return method === "describe" || method === "load" ? Math.min(most, loadTimeoutSeconds) : most;
}

async function refuse(method: string): Promise<never> {
  throw new BenchError("PLUGIN_FAILED", `"${method}" may be asked for only while learning`, {
    fix: "Ask for it before the answer to `learn` is sent.",
  });
}
