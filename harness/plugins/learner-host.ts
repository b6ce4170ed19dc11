import { BenchError } from "../contract/errors.js";
import type { Plugin } from "../contract/plugin.js";
import type {
  BufferItem,
  Decoding,
  GenerationRequest,
  LearnContext,
  Learner,
  LearnerContext,
  ScoreRequest,
  TrainerDefinition,
  TrainingView,
} from "../contract/trainer.js";
import { Connection } from "./connection.js";
import { importPlugin } from "./import-plugin.js";
import { preparePermissions } from "./isolation/under-permissions.js";
import { provideOwnPackage } from "./own-package.js";
import { protocolVersion } from "./protocol.js";

interface LearnParameters {
  view: TrainingView;
  bufferCapacity: number;
  /** Whether the harness measures within the task. */
  observed: boolean;
}

/**
 * Serves the trainers of modules, and those that one of them makes of the others' methods, over the protocol:
 * `node learner-host.js <module> …`. One learner at a time.
 */
class LearnerHost {
  private learner: Learner | undefined;
  private cancelled = false;
  private readonly connection: Connection;

  constructor(private readonly files: readonly string[]) {
    const write = process.stdout.write.bind(process.stdout);
    const output = Object.create(process.stdout, { write: { value: write } }) as NodeJS.WriteStream;
    // what the module prints must not mix with the protocol
    process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
    this.connection = new Connection(process.stdin, output, {
      request: (method, parameters) => this.serve(method, parameters as never),
      notification: (method) => {
        if (method === "cancel") this.cancelled = true;
      },
      protocolError: (what) => {
        process.stderr.write(`the harness ${what}\n`);
        process.exit(1);
      },
    });
    process.stdin.on("end", () => process.exit(0));
  }

  private async serve(method: string, parameters: never): Promise<unknown> {
    const handler = Object.hasOwn(this.handlers, method) ? this.handlers[method] : undefined;
    if (handler === undefined) throw new BenchError("PLUGIN_FAILED", `there is no method "${method}"`);
    return handler(parameters);
  }

  private readonly handlers: Record<string, (parameters: never) => unknown> = {
    load: async () => void (await this.plugins({ checked: true })),
    describe: async () => ({
      protocol: protocolVersion,
      // functions, and what only the registry uses: whoever loads the module itself has them
      trainers: (await this.trainers({ checked: false })).map(
        ({ create: _create, needs: _needs, default: _default, evaluates: _evaluates, capabilities: _own, ...rest }) =>
          rest,
      ),
    }),
    create: async ({ trainer, context }: { trainer: string; context: LearnerContext }) => {
      // whoever creates a learner has had the modules described before
      const definition = (await this.trainers({ checked: true })).find(({ name }) => name === trainer);
      this.learner = await definition!.create(context);
      return { answerDigest: this.learner.answerDigest !== undefined, cost: await this.learner.cost() };
    },
    learn: (parameters: LearnParameters) => this.learn(parameters),
    generate: async ({ requests, decoding }: { requests: GenerationRequest[]; decoding: Decoding }) => ({
      answers: await this.current.generate(requests, decoding),
      cost: await this.current.cost(),
    }),
    score: async ({ requests }: { requests: ScoreRequest[] }) => ({
      scores: await this.current.score(requests),
      cost: await this.current.cost(),
    }),
    save: ({ directory }: { directory: string }) => this.current.save(directory),
    restore: async ({ directory }: { directory: string }) => {
      await this.current.restore(directory);
      return { cost: await this.current.cost() };
    },
    cost: () => this.current.cost(),
    answerDigest: () => this.current.answerDigest?.(),
    release: async () => {
      await this.current.release();
      this.learner = undefined;
    },
  };

  private async plugins(how: { checked: boolean }): Promise<Plugin[]> {
    provideOwnPackage(this.files);
    preparePermissions();
    const plugins: Plugin[] = [];
    for (const file of this.files) plugins.push(await importPlugin(file, how));
    return plugins;
  }

  private async trainers(how: { checked: boolean }): Promise<TrainerDefinition[]> {
    const plugins = await this.plugins(how);
    const methods = plugins.flatMap((plugin) => plugin.methods ?? []);
    return plugins.flatMap((plugin) => [...(plugin.trainers ?? []), ...(plugin.trainersFrom?.(methods) ?? [])]);
  }

  private get current(): Learner {
    if (this.learner !== undefined) return this.learner;
    throw new BenchError("PLUGIN_FAILED", "there is no learner: `create` must come first");
  }

  /** The contract's buffer is synchronous, so its content is fetched before, and each change is sent as it is made. */
  private async learn({ view, bufferCapacity, observed }: LearnParameters): Promise<unknown> {
    this.cancelled = false;
    let { items } = (await this.connection.request("buffer.get", null)) as { items: readonly BufferItem[] };
    const changes: Promise<unknown>[] = [];
    const context: LearnContext = {
      buffer: {
        capacity: bufferCapacity,
        items: () => items,
        set: (next) => {
          if (next.length > bufferCapacity) {
            throw new BenchError("PRIVILEGE_EXCEEDED", `${next.length} samples for a buffer of ${bufferCapacity}`, {
              fix: "Declare a larger buffer in `needs`, or keep fewer samples.",
            });
          }
          items = [...next];
          const change = this.connection.request("buffer.set", { items });
          change.catch(() => undefined); // a refusal is thrown when learning ends
          changes.push(change);
        },
      },
      cancelled: () => this.cancelled,
      progress: (event) => this.connection.notify("progress", event),
      ...(observed && { observe: async (step) => void (await this.connection.request("observe", { step })) }),
    };
    const report = await this.current.learn(view, context);
    await Promise.all(changes);
    return { ...report, cost: await this.current.cost() };
  }
}

new LearnerHost(process.argv.slice(2));
