import { pathInside } from "../../contract/files/foreign-path.js";
import type { SharedEvaluations } from "../evaluate/evaluation-store.js";
import { CellLogs } from "./cell-log.js";
import { ContentStore } from "./content-store.js";
import type { ObjectStore } from "./object-store.js";

/** Where the parts of one run are in a store. Requests, suites and models are shared by all runs. */
export class RunStore {
  readonly requests: ContentStore;
  readonly results: ContentStore;
  readonly logs: CellLogs;
  private readonly root: string;

  /** @param run digest of the configuration that it began with. */
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

  /** Between this run's cells: an evaluation of the base model is made once. */
  evaluations(directory: string): SharedEvaluations {
    return {
      get: async (path) => void (await this.objects.download(`${this.root}/${path}`, pathInside(directory, path))),
      put: (path) => this.objects.upload(`${this.root}/${path}`, pathInside(directory, path)),
    };
  }

  /** Removes all that belongs to this run alone. */
  async remove(): Promise<void> {
    await this.objects.remove(this.root);
  }
}

/** The contents that all runs share. */
export const requestsOf = (objects: ObjectStore): ContentStore => new ContentStore(objects, "contents");
