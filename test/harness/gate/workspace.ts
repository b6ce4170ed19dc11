import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory } from "../../files.js";
import { bench, benchProcess, type Spoken, words } from "../cli/support.js";

interface Configuration {
  /** Of the trainer `memory-replay`. */
  options?: object;
  orders?: number;
  seeds?: number[];
  tasks?: number;
  /** Whether the run names the plug-in that its suite and trainer come from; else they are built in. */
  foreign?: boolean;
}

/** A directory with runs of the words suite, made by the command line. */
export class Workspace {
  readonly directory = newDirectory();

  /** The command line in this process, with the words suite built in. */
  bench(...given: string[]): Promise<Spoken> {
    return bench(given, this.directory, {}, [words]);
  }

  /** The same without the words suite: a run that uses it names the plug-in that it comes from. */
  plain(...given: string[]): Promise<Spoken> {
    return bench(given, this.directory);
  }

  /** The real command line, in a process of its own. */
  process(...given: string[]): Promise<Spoken> {
    return benchProcess(given, this.directory);
  }

  /** Runs the method under test. */
  async run(out: string, configuration: Configuration = {}): Promise<void> {
    const { options = {}, orders = 4, seeds = [1, 2], tasks = 3, foreign = false } = configuration;
    this.write(`${out}.yaml`, {
      suite: { name: "words", options: { tasks } },
      ...(foreign && { plugins: [words] }),
      trainers: [{ name: "memory-replay", label: "method", options }],
      orders,
      seeds,
      workers: 1,
      out,
    });
    const given = ["run", "--config", `${out}.yaml`, "--reporter", "json"];
    const spoken = await (foreign ? this.plain(...given) : this.bench(...given));
    if (spoken.code !== 0) throw new Error(spoken.stderr);
  }

  write(file: string, content: unknown): void {
    writeFileSync(join(this.directory, file), JSON.stringify(content));
  }
}
