import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { pathInside } from "../../contract/files/foreign-path.js";
import { CellLogs } from "./cell-log.js";
import { ContentStore } from "./content-store.js";
import type { ObjectStore } from "./object-store.js";

/** Where the parts of one run are in a store. Requests, suites and models are shared by all runs. */
export class RunStore {
  readonly requests: ContentStore;
  readonly results: ContentStore;
  readonly logs: CellLogs;
  private readonly root: string;

  /** @param run digest of its configuration. */
  constructor(
    private readonly objects: ObjectStore,
    run: string,
  ) {
    this.root = `runs/${run}`;
    this.requests = requestsOf(objects);
    this.results = new ContentStore(objects, `${this.root}/results`);
    this.logs = new CellLogs(objects, run);
  }

  /** Of a cell alone, so that dropping one takes nothing from another. */
  checkpoints(cell: string): ContentStore {
    return new ContentStore(this.objects, `${this.root}/checkpoints/${cell}`);
  }

  /** Lets other cells find an evaluation by its name: that of the base model is made once. */
  async shareEvaluation(directory: string, path: string): Promise<void> {
    const key = `${this.root}/${path}`;
    if (!(await this.objects.has(key))) await this.objects.upload(key, join(directory, path));
  }

  /** Gets the evaluations that other cells shared. Each contains its own digest, which is checked where it is used. */
  async getEvaluations(directory: string): Promise<void> {
    const prefix = `${this.root}/evaluations`;
    for (const name of (await this.objects.list(prefix)).keys()) {
      const file = join(pathInside(directory, "evaluations"), basename(name));
      if (!existsSync(file)) await this.objects.download(`${prefix}/${name}`, file);
    }
  }

  /** Removes all that belongs to this run alone. */
  async remove(): Promise<void> {
    await this.objects.remove(this.root);
  }
}

/** The contents that all runs share. */
export const requestsOf = (objects: ObjectStore): ContentStore => new ContentStore(objects, "contents");
