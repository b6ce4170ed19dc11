import { BenchError } from "../../contract/errors.js";
import type { MlflowClient } from "./mlflow-client.js";

/** Where the files of a checkpoint are. */
export interface MlflowPlace {
  /** Of the run that has them as artifacts. */
  run: string;
  /** Their address, as a version names it. */
  source: string;
  /** Their path among the server's artifacts. */
  place: string;
}

interface Run {
  info: { run_id: string; artifact_uri: string };
}

/** The experiment whose runs hold the files. */
const experiment = "bench-registry";

const tag = "bench.content";

/**
 * Files on a server of MLflow: it takes as a version only what is an artifact of a run, so each checkpoint is a run, found
 * by the digest of its files: equal checkpoints are stored once.
 */
export class MlflowFiles {
  /** Of the experiment, once it is known to exist. */
  #experimentId: string | undefined;

  constructor(private readonly client: MlflowClient) {}

  /** Where the files of that digest are. Throws ENDPOINT_FAILED. */
  async find(content: string): Promise<MlflowPlace | undefined> {
    const experimentId = await this.#experiment();
    if (experimentId === undefined) return undefined;
    const found = await this.client.call<{ runs?: Run[] }>("POST", "runs/search", {
      ...{ experiment_ids: [experimentId], max_results: 1 },
      filter: `tags.\`${tag}\` = '${content}'`,
    });
    const run = found?.runs?.[0];
    return run && placeOf(run);
  }

  /** Makes a place for the files of a digest. */
  async create(content: string): Promise<MlflowPlace> {
    const known = await this.#experiment();
    const made =
      known ??
      (await this.client.call<{ experiment_id: string }>("POST", "experiments/create", { name: experiment }))
        ?.experiment_id;
    const created = await this.client.call<{ run: Run }>("POST", "runs/create", {
      ...{ experiment_id: made, start_time: Date.now(), run_name: content.slice(0, 12) },
      tags: [{ key: tag, value: content }],
    });
    const place = placeOf(created!.run);
    await this.client.call("POST", "runs/update", { run_id: place.run, status: "FINISHED", end_time: Date.now() });
    return place;
  }

  async #experiment(): Promise<string | undefined> {
    this.#experimentId ??= (
      await this.client.call<{ experiment: { experiment_id: string } }>("GET", "experiments/get-by-name", {
        experiment_name: experiment,
      })
    )?.experiment.experiment_id;
    return this.#experimentId;
  }
}

function placeOf({ info: { run_id: run, artifact_uri: uri } }: Run): MlflowPlace {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol !== "mlflow-artifacts:") {
    throw new BenchError("CAPABILITY_MISSING", "this server of MLflow does not serve its artifacts", {
      fix: "Start it with --serve-artifacts and without --default-artifact-root, its defaults, so that files go through it.",
    });
  }
  return { run, source: `${uri}/model`, place: `${url.pathname.replace(/^\/+/, "")}/model` };
}
