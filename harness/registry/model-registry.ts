import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import type { RegisteredModel, RegistryEvent, RegistryState, VersionRecord } from "../contract/registry.js";
import { EventLog } from "./event-log.js";
import {
  type CheckpointCopy,
  copyCheckpoint,
  damageOf,
  incomingDirectory,
  keepContent,
  type StoredCheckpoint,
} from "./model-store.js";
import { applied, emptyState, modelIn } from "./state.js";
import type { RegistryStore } from "./store.js";

/**
 * Versions of models with their lineage, evaluations and aliases: `log.jsonl`, an append-only log of checksummed
 * events, is the truth; `state.json` is what it adds up to, written anew after each event for other programs.
 */
export class ModelRegistry implements RegistryStore {
  readonly isAtomic = true;
  readonly #file: string;
  readonly #log: EventLog<RegistryState, RegistryEvent>;

  /**
   * @param notice hears of a torn last line of the log, which is dropped.
   * @throws CAPABILITY_MISSING for the address of another store: what needs a directory has none there.
   */
  constructor(
    readonly directory: string,
    notice?: (text: string) => void,
  ) {
    if (/^(?:mlflow\+|hf:\/\/)/.test(directory)) {
      throw new BenchError("CAPABILITY_MISSING", `this needs a registry in a directory; ${directory} is none`, {
        fix: "Give --registry a directory. On a server of MLflow and on the Hub work: add, attach, alias, list, show, path, diff and verify.",
      });
    }
    this.#file = join(directory, "log.jsonl");
    const definition = { schema: "registry-event", initial: emptyState, follow: applied };
    this.#log = new EventLog(this.#file, definition, notice);
  }

  /**
   * What the log adds up to.
   *
   * @throws UNKNOWN_NAME where there is no registry, DATA_INVALID where its log is damaged.
   */
  read(): RegistryState {
    if (existsSync(this.#file)) return this.#log.read();
    throw new BenchError("UNKNOWN_NAME", `there is no model registry in ${this.directory}`, {
      fix: "Add a first version: bench registry add <name> <checkpoint>. Another place: --registry <directory>.",
    });
  }

  /**
   * Appends events that follow from the state.
   *
   * @param wrote is called when they are on the disk, before another writer may go on.
   * @returns the state after them.
   * @throws as `EventLog.change`.
   */
  change(
    decide: (state: RegistryState) => readonly RegistryEvent[] | Promise<readonly RegistryEvent[]>,
    wrote = (): void => {},
  ): Promise<RegistryState> {
    return this.#log.change(decide, (state) => {
      writeFileAtomically(this.#stateFile, textOf(state));
      wrote();
    });
  }

  /** Whether `state.json` is that of a state. */
  isCurrent(state: RegistryState): boolean {
    return existsSync(this.#stateFile) && readFileSync(this.#stateFile, "utf8") === textOf(state);
  }

  copy(source: string): CheckpointCopy {
    return copyCheckpoint(source, incomingDirectory(this.directory));
  }

  keep(copy: CheckpointCopy): void {
    keepContent(this.directory, copy);
  }

  damageOf(checkpoint: Pick<StoredCheckpoint, "content" | "files">): string[] {
    return damageOf(this.directory, checkpoint);
  }

  /** What to give as `--model` or as a checkpoint: its directory, behind the base of an adapter. */
  pathOf({ content, base }: Pick<VersionRecord, "content" | "base">): string {
    const path = resolve(this.directory, "models", content);
    return base === undefined ? path : `${base}::${path}`;
  }

  get #stateFile(): string {
    return join(this.directory, "state.json");
  }
}

const textOf = (state: RegistryState): string => `${JSON.stringify(state, null, 2)}\n`;

/**
 * Finds `name@3` or `name@alias`; of a name alone the latest version.
 *
 * @throws UNKNOWN_NAME where there is none.
 */
export function findVersion(
  state: RegistryState,
  reference: string,
): { model: RegisteredModel; version: VersionRecord } {
  const [name, which] = reference.split("@") as [string, string?];
  const model = modelIn(state, name);
  const alias = which !== undefined && Object.hasOwn(model.aliases, which) ? model.aliases[which] : undefined;
  const number = which === undefined ? model.versions.at(-1)?.version : (alias ?? Number(which));
  const version = model.versions.find((each) => each.version === number);
  if (version !== undefined) return { model, version };
  const names = Object.keys(state.models);
  const known = [...model.versions.map((each) => each.version), ...Object.keys(model.aliases)].join(", ");
  throw new BenchError("UNKNOWN_NAME", `the registry has no version ${reference}`, {
    fix:
      known === "" ? `It has the models: ${names.join(", ") || "none"}.` : `Versions and aliases of ${name}: ${known}.`,
  });
}
