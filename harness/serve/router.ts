import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RegistryState } from "../contract/registry.js";
import type { Arm } from "../contract/rollout.js";
import { findVersion, ModelRegistry } from "../registry/model-registry.js";
import { modelIn } from "../registry/state.js";
import { RolloutLog } from "../rollout/rollout-log.js";
import { armOf } from "../rollout/split.js";
import { percentOf, type Rollout } from "../rollout/state.js";
import { ApiError } from "./api.js";

/** Which version answers a request, and why. */
export interface Route {
  name: string;
  version: number;
  /** The rollout that chose the version; absent where there is none, or the client named a version. */
  rollout?: { salt: string; arm: Arm };
}

/** How long what was read of registry and rollouts is taken for current, in milliseconds. */
const freshness = 250;

/**
 * Chooses versions by the aliases of a registry and its live rollouts, which may change at any time. Where they cannot be
 * read any more, what was read last holds, so that a damaged log stops no traffic and moves none.
 */
export class Router {
  #registry: Cached<RegistryState>;
  #rollouts = new Map<string, Cached<Rollout | undefined>>();

  /**
   * @param names of the models that are served.
   * @param failed hears why registry or rollouts cannot be read, once for each change of the files.
   * @param notice hears of a torn last line of a log, once for each change of the files.
   * @throws what reading the registry throws.
   */
  constructor(
    directory: string,
    readonly names: readonly string[],
    failed: (error: Error) => void,
    notice: (text: string) => void,
  ) {
    const registry = new ModelRegistry(directory, notice);
    this.#registry = new Cached(
      () => stampOf(join(directory, "log.jsonl")),
      () => registry.read(),
      failed,
    );
    for (const name of names) {
      const rollouts = join(directory, "rollouts", name);
      const log = new RolloutLog(directory, name, notice);
      this.#rollouts.set(
        name,
        new Cached(
          () => stampsIn(rollouts),
          () => log.live(),
          failed,
        ),
      );
    }
  }

  /** The state of the registry. */
  get state(): RegistryState {
    return this.#registry.value;
  }

  /** The live rollout of a model. */
  rollout(name: string): Rollout | undefined {
    return this.#rollouts.get(name)?.value;
  }

  /**
   * The version that answers.
   *
   * @param model a name, which aliases and rollouts decide about, `name@3` or `name@alias`.
   * @param bucket id of the request or the user: the same one keeps its version while the candidate's share grows.
   * @throws ApiError 404 for a model that is not served, 503 where it has no champion.
   */
  route(model: string, bucket: string): Route {
    const [name, which] = model.split("@") as [string, string?];
    if (!this.names.includes(name)) throw unknown(model, this.names);
    if (which !== undefined) {
      try {
        return { name, version: findVersion(this.state, model).version.version };
      } catch {
        throw unknown(model, this.names);
      }
    }
    const rollout = this.rollout(name);
    if (rollout !== undefined) {
      const { salt, candidate, champion } = rollout;
      const arm = armOf(bucket, salt, percentOf(rollout));
      return { name, version: arm === "candidate" ? candidate : champion, rollout: { salt, arm } };
    }
    const { champion } = modelIn(this.state, name).aliases;
    if (champion !== undefined) return { name, version: champion };
    throw new ApiError(503, `the model "${name}" has no champion yet`, { code: "no_champion" });
  }

  /** Versions that requests may be routed to without being named: those that must be ready. */
  current(name: string): number[] {
    const { champion } = modelIn(this.state, name).aliases;
    const rollout = this.rollout(name);
    const versions = rollout === undefined ? [champion] : [rollout.champion, rollout.candidate];
    return versions.filter((version) => version !== undefined);
  }
}

const unknown = (model: string, names: readonly string[]): ApiError =>
  new ApiError(404, `there is no model ${JSON.stringify(model.slice(0, 100))}; there is: ${names.join(", ")}`, {
    param: "model",
    code: "model_not_found",
  });

/** A value that is read again when its files have changed. */
class Cached<Value> {
  #value: Value;
  #stamp: string;
  #checked = performance.now();

  constructor(
    private readonly stamp: () => string,
    private readonly read: () => Value,
    private readonly failed: (error: Error) => void,
  ) {
    this.#stamp = stamp();
    this.#value = read();
  }

  get value(): Value {
    const now = performance.now();
    if (now - this.#checked < freshness) return this.#value;
    this.#checked = now;
    const stamp = this.stamp();
    if (stamp === this.#stamp) return this.#value;
    this.#stamp = stamp;
    try {
      this.#value = this.read();
    } catch (error) {
      this.failed(error as Error);
    }
    return this.#value;
  }
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}

const stampsIn = (directory: string): string =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((file) => file.endsWith(".jsonl"))
        .map((file) => `${file} ${stampOf(join(directory, file))}`)
        .join("\n")
    : "";
