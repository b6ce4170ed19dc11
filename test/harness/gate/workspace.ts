import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench, newDirectory, type Spoken, words } from "../cli/support.js";

/** A directory with runs of the words suite, made by the real command. */
export class Workspace {
  readonly directory = newDirectory();

  bench(...given: string[]): Promise<Spoken> {
    return bench(given, this.directory);
  }

  /** Runs the method under test; `options` are those of the trainer `memory-replay`. */
  async run(out: string, configuration: { options?: object; orders?: number; seeds?: number[]; tasks?: number } = {}) {
    const { options = {}, orders = 4, seeds = [1, 2], tasks = 3 } = configuration;
    this.write(`${out}.yaml`, {
      suite: { name: "words", options: { tasks } },
      plugins: [words],
      trainers: [{ name: "memory-replay", label: "method", options }],
      orders,
      seeds,
      workers: 1,
      out,
    });
    const spoken = await this.bench("run", "--config", `${out}.yaml`);
    if (spoken.code !== 0) throw new Error(spoken.stderr);
  }

  write(file: string, content: unknown): void {
    writeFileSync(join(this.directory, file), JSON.stringify(content));
  }
}
