import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { writeFileAtomically } from "../contract/files.js";
import type { RegisteredModel, RegistryEvent, RegistryState, VersionRecord } from "../contract/registry.js";
import { checkRecord } from "../run/store/check-record.js";
import { Journal, readJournal } from "../run/store/journal.js";
import { lockPatiently } from "./patient-lock.js";
import { applied, emptyState, modelIn } from "./state.js";

/**
 * Versions of models with their lineage, evaluations and aliases: `log.jsonl`, an append-only log of checksummed
 * events, is the truth; `state.json` is what it adds up to, written anew after each event for other programs.
 */
export class ModelRegistry {
  constructor(readonly directory: string) {}

  /**
   * What the log adds up to.
   *
   * @throws UNKNOWN_NAME where there is no registry, DATA_INVALID where its log is damaged.
   */
  read(): RegistryState {
    if (!existsSync(this.#log)) {
      throw new BenchError("UNKNOWN_NAME", `there is no model registry in ${this.directory}`, {
        fix: "Add a first version: bench registry add <name> <checkpoint>. Another place: --registry <directory>.",
      });
    }
    return this.#add(readJournal<RegistryEvent>(this.#log).events);
  }

  /**
   * Appends events that follow from the state, with no other writer in between.
   *
   * @param decide gives the events; what it throws ends the change, and nothing is written.
   * @returns the state after them.
   * @throws RUN_LOCKED where another process keeps the registry for longer than half a minute.
   */
  async change(decide: (state: RegistryState) => readonly RegistryEvent[]): Promise<RegistryState> {
    mkdirSync(this.directory, { recursive: true });
    const unlock = await lockPatiently(this.directory);
    try {
      const log = new Journal<RegistryEvent>(this.#log);
      try {
        let state = this.#add(log.content.events);
        for (const event of decide(state)) {
          state = applied(state, event);
          log.append(event);
        }
        writeFileAtomically(join(this.directory, "state.json"), `${JSON.stringify(state, null, 2)}\n`);
        return state;
      } finally {
        log.close();
      }
    } finally {
      unlock();
    }
  }

  /** Whether `state.json` is what the log adds up to. */
  isStateCurrent(): boolean {
    const path = join(this.directory, "state.json");
    return existsSync(path) && readFileSync(path, "utf8") === `${JSON.stringify(this.read(), null, 2)}\n`;
  }

  get #log(): string {
    return join(this.directory, "log.jsonl");
  }

  #add(events: readonly RegistryEvent[]): RegistryState {
    return events
      .map((event) => checkRecord<RegistryEvent>("registry-event", event, this.#log))
      .reduce(applied, emptyState());
  }
}

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
