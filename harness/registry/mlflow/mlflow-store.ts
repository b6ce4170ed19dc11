import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type {
  EvaluationRecord,
  RegisteredModel,
  RegistryEvent,
  RegistryState,
  VersionRecord,
} from "../../contract/registry.js";
import { checkRecord } from "../../run/store/check-record.js";
import { type CheckpointCopy, copyCheckpoint, type StoredCheckpoint, temporaryDirectory } from "../model-store.js";
import type { RegistryStore } from "../store.js";
import { MlflowClient } from "./mlflow-client.js";
import { MlflowFiles } from "./mlflow-files.js";

interface Tag {
  key: string;
  value: string;
}

/** A registered model, as MLflow describes it. */
interface MlflowModel {
  name: string;
  aliases?: { alias: string; version: string }[];
  tags?: Tag[];
}

/** A version of one. */
interface MlflowVersion {
  name: string;
  version: string;
  tags?: Tag[];
}

type Move = Pick<Extract<RegistryEvent, { type: "alias-moved" }>, "from" | "to" | "at" | "by" | "reason">;

/** Keys of what MLflow has no place of its own for. */
const tags = {
  version: "bench.version",
  evaluations: "bench.evaluations",
  move: (alias: string) => `bench.alias.${alias}`,
};

/** Pages of a listing at most. */
const mostPages = 1000;

/**
 * MLflow's model registry: its models, versions and aliases are those of bench, their lineage and evaluations are tags, and
 * their files are artifacts of runs. Versions that bench did not add are left
 * out. MLflow has no compare-and-set: of two that move an alias at the same time the last one wins.
 */
export class MlflowStore implements RegistryStore {
  readonly isAtomic = false;
  readonly #client: MlflowClient;
  readonly #files: MlflowFiles;

  /** @param address of the server, without a slash at its end. */
  constructor(address: string) {
    this.#client = new MlflowClient(address);
    this.#files = new MlflowFiles(this.#client);
  }

  async read(): Promise<RegistryState> {
    const models: RegistryState["models"] = Object.create(null);
    const versions = await this.#all<MlflowVersion>("model-versions/search", "model_versions");
    for (const { name, aliases = [], tags: own = [] } of await this.#all<MlflowModel>(
      "registered-models/search",
      "registered_models",
    )) {
      const all = versions.filter((version) => version.name === name);
      models[name] = this.#model(all, aliases, own);
    }
    return { schema: "registry@1", events: null, models };
  }

  async change(
    decide: (state: RegistryState) => readonly RegistryEvent[] | Promise<readonly RegistryEvent[]>,
  ): Promise<RegistryState> {
    const state = await this.read();
    const events = await decide(state);
    for (const event of events) await this.#apply(checkRecord("registry-event", event, this.#client.address), state);
    return events.length === 0 ? state : this.read();
  }

  copy(source: string): CheckpointCopy {
    return copyCheckpoint(source, temporaryDirectory());
  }

  async keep({ content, files, directory }: CheckpointCopy): Promise<void> {
    const { place } = (await this.#files.find(content)) ?? (await this.#files.create(content));
    for (const { path } of files) await this.#client.upload(`${place}/${path}`, join(directory, path));
  }

  async damageOf({ content, files }: Pick<StoredCheckpoint, "content" | "files">): Promise<string[]> {
    const stored = await this.#files.find(content);
    const lines: string[] = [];
    for (const { path, bytes, sha256 } of files) {
      const there = stored && (await this.#client.digest(`${stored.place}/${path}`, bytes));
      if (there === undefined) lines.push(`${path} is missing`);
      else if (there.bytes > bytes) lines.push(`${path} has more than ${bytes} bytes`);
      else if (there.bytes < bytes) lines.push(`${path} has ${there.bytes} bytes instead of ${bytes}`);
      else if (there.sha256 !== sha256) lines.push(`${path} has another content`);
    }
    return lines;
  }

  isCurrent(): boolean {
    return true; // There is no second copy of the state.
  }

  /** As MLflow's own tools take it: `mlflow artifacts download -u models:/support/3`. */
  pathOf({ name, version }: Pick<VersionRecord, "name" | "version">): string {
    return `models:/${name}/${version}`;
  }

  async #apply(event: RegistryEvent, state: RegistryState): Promise<void> {
    const client = this.#client;
    if (event.type === "version-added") {
      const { name, version: _next, ...record } = event.version;
      if (!Object.hasOwn(state.models, name)) await client.call("POST", "registered-models/create", { name });
      const { run, source } = (await this.#files.find(record.content))!;
      await client.call("POST", "model-versions/create", {
        ...{ name, source, run_id: run, description: record.reason },
        tags: [{ key: tags.version, value: JSON.stringify(record) }],
      });
    } else if (event.type === "evaluated") {
      const { name, version, evaluation } = event;
      const known = (state.models[name]?.evaluations[version] ?? []).filter(({ run }) => run !== evaluation.run);
      const value = JSON.stringify([...known, evaluation]);
      await client.call("POST", "model-versions/set-tag", {
        name,
        version: `${version}`,
        key: tags.evaluations,
        value,
      });
    } else if (event.type === "alias-moved") {
      const { type: _type, name, alias, ...move } = event;
      // First the way back, then the move: what breaks off in between leaves a note of what did not happen, which is not read.
      await client.call("POST", "registered-models/set-tag", {
        name,
        key: tags.move(alias),
        value: JSON.stringify(move),
      });
      if (move.to === null) await client.call("DELETE", "registered-models/alias", { name, alias });
      else await client.call("POST", "registered-models/alias", { name, alias, version: `${move.to}` });
    } else {
      throw new BenchError("CAPABILITY_MISSING", "bench deletes no versions of MLflow", {
        fix: "Delete them there, and then their artifacts (mlflow gc).",
      });
    }
  }

  #model(
    all: readonly MlflowVersion[],
    aliases: { alias: string; version: string }[],
    own: readonly Tag[],
  ): RegisteredModel {
    const { address } = this.#client;
    const model: RegisteredModel = { next: 1, versions: [], evaluations: {}, aliases: {}, former: {} };
    for (const { name, version: number, tags: ofVersion = [] } of all) {
      const version = Number(number);
      model.next = Math.max(model.next, version + 1);
      const record = tagValue(ofVersion, tags.version, address);
      if (record === undefined) continue;
      const added = { type: "version-added", version: { ...(record as VersionRecord), name, version } } as const;
      model.versions.push(checkRecord<typeof added>("registry-event", added, address).version);
      const evaluations = tagValue(ofVersion, tags.evaluations, address) as EvaluationRecord[] | undefined;
      for (const evaluation of evaluations ?? []) {
        checkRecord("registry-event", { type: "evaluated", name, version, evaluation, at: "", by: "" }, address);
      }
      if (evaluations !== undefined) model.evaluations[version] = evaluations;
    }
    model.versions.sort((a, b) => a.version - b.version);
    const kept = new Set(model.versions.map(({ version }) => version));
    for (const { alias, version } of aliases) if (kept.has(Number(version))) model.aliases[alias] = Number(version);
    for (const { key } of own) {
      const alias = key.startsWith(tags.move("")) ? key.slice(tags.move("").length) : undefined;
      if (alias === undefined) continue;
      const { from, to } = tagValue(own, key, address) as Move;
      const now = Object.hasOwn(model.aliases, alias) ? model.aliases[alias] : null;
      if (to === now && from !== null && kept.has(from)) model.former[alias] = from;
    }
    return model;
  }

  /** All pages of a listing. */
  async #all<T>(path: string, member: string): Promise<T[]> {
    const found: T[] = [];
    let token: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const values = { max_results: "1000", ...(token !== undefined && { page_token: token }) };
      const answer = (await this.#client.call<Record<string, unknown>>("GET", path, values)) ?? {};
      found.push(...((answer[member] ?? []) as T[]));
      token =
        typeof answer.next_page_token === "string" && answer.next_page_token !== ""
          ? answer.next_page_token
          : undefined;
      if (token === undefined) return found;
    }
    throw new BenchError("ENDPOINT_FAILED", `MLflow lists more than ${mostPages} pages`, {
      fix: "Tell the owner of the server.",
    });
  }
}

function tagValue(all: readonly Tag[], key: string, address: string): unknown {
  const tag = all.find((each) => each.key === key);
  if (tag === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(tag.value);
    if (value instanceof Object) return value;
  } catch {
    // said below
  }
  throw new BenchError("DATA_INVALID", `the tag ${key} is not what bench wrote`, {
    fix: "Delete the tag, or the version that has it, in MLflow.",
    at: { file: address },
  });
}
