import { BenchError } from "../../contract/errors.js";
import type { RegistryEvent, RegistryState, VersionRecord } from "../../contract/registry.js";
import { commitTo, uponLatest, writingAccess } from "../../hub/commit.js";
import { askHub } from "../../hub/failure.js";
import { type HubReference, parseHubReference } from "../../hub/reference.js";
import { checkRecord } from "../../run/store/check-record.js";
import { type CheckpointCopy, copyCheckpoint, type StoredCheckpoint, temporaryDirectory } from "../model-store.js";
import { applied, emptyState } from "../state.js";
import type { RegistryStore } from "../store.js";
import { contentBranch, HubFiles } from "./hub-files.js";

/** The log of events, on the main branch. */
const log = "registry.jsonl";

const mostBytes = 64 * 2 ** 20;

/** A state of the registry, and the commit that it is of. */
interface Read {
  state: RegistryState;
  text: string;
  commit: string;
}

/**
 * A model repository on the Hub as a registry: the log of its events is a file on the main branch, to which a commit adds
 * upon its parent alone, so that of two writers one begins anew. The files of a version are at the root of a branch
 * of their own, under the tag `<name>/<version>`; an alias is a branch `<name>/<alias>`, so that other programs find
 * them as revisions. What log and names say can differ where a writer was killed: then the log counts, and the next
 * change names what it says.
 */
export class HubStore implements RegistryStore {
  readonly isAtomic = true;
  readonly #repository: HubReference;
  readonly #files: HubFiles;

  /** @param location hf://owner/name. Throws USAGE for anything else. */
  constructor(location: string) {
    const repository = parseHubReference(location, "model");
    if (repository === undefined || !repository.name.includes("/") || location.includes("@")) {
      throw new BenchError("USAGE", `--registry ${location} is no repository on the Hub`, {
        fix: "Give it as hf://owner/name: its branches and tags are those of the registry.",
      });
    }
    this.#repository = repository;
    this.#files = new HubFiles(repository);
  }

  async read(): Promise<RegistryState> {
    return askHub(this.#repository, async () => (await this.#latest()).state);
  }

  async change(
    decide: (state: RegistryState) => readonly RegistryEvent[] | Promise<readonly RegistryEvent[]>,
  ): Promise<RegistryState> {
    writingAccess();
    return uponLatest(this.#repository, async () => {
      const { state, text, commit } = await askHub(this.#repository, () => this.#latest());
      const events = (await decide(state)).map((event) => checkRecord<RegistryEvent>("registry-event", event, log));
      if (events.some(({ type }) => type === "version-deleted")) throw undeletable();
      const after = events.reduce(applied, state);
      if (events.length > 0) {
        const content = new Blob([text, ...events.map((event) => `${JSON.stringify(event)}\n`)]);
        const operations = [{ operation: "addOrUpdate" as const, path: log, content }];
        await commitTo(this.#repository, "main", { title: titleOf(events), operations, parent: commit });
      }
      await askHub(this.#repository, () => this.#name(after));
      return after;
    });
  }

  copy(source: string): CheckpointCopy {
    return copyCheckpoint(source, temporaryDirectory());
  }

  keep(copy: CheckpointCopy): Promise<void> {
    return this.#files.keep(copy);
  }

  damageOf(checkpoint: Pick<StoredCheckpoint, "content" | "files">): Promise<string[]> {
    return askHub(this.#repository, () => this.#files.damageOf(checkpoint));
  }

  /** Whether tags and branches say what the log says. */
  isCurrent(state: RegistryState): Promise<boolean> {
    return askHub(this.#repository, async () => differences(state, await this.#files.refs()).length === 0);
  }

  /** As bench and other programs take it: `hf://owner/name@support/3`. */
  pathOf({ name, version, base }: Pick<VersionRecord, "name" | "version" | "base">): string {
    const path = `hf://${this.#repository.name}@${name}/${version}`;
    return base === undefined ? path : `${base}::${path}`;
  }

  async #latest(): Promise<Read> {
    const commit = await this.#files.commitOf("main");
    if (commit === undefined) {
      throw new BenchError("UNKNOWN_NAME", `${this.#repository.text} does not exist, or HF_TOKEN may not read it`, {
        fix: "Make it first, as a private model repository where versions are not for everybody.",
      });
    }
    const text = (await this.#files.textAt(commit, log, mostBytes)) ?? "";
    const lines = text.split("\n").filter((line) => line !== "");
    return {
      state: lines.map((line, index) => this.#event(line, index + 1)).reduce(applied, emptyState()),
      text,
      commit,
    };
  }

  #event(line: string, number: number): RegistryEvent {
    const at = `${this.#repository.text} ${log}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new BenchError("DATA_INVALID", `line ${number} of the registry's log is no JSON`, {
        fix: "Restore the file from an earlier commit; it may not be edited by hand.",
        at: { file: at },
      });
    }
    return checkRecord<RegistryEvent>("registry-event", value, at);
  }

  /** Lets tags and branches say what the log says. */
  async #name(state: RegistryState): Promise<void> {
    for (const { kind, ref, to } of differences(state, await this.#files.refs())) {
      if (to === undefined) await this.#files.drop(ref);
      else if (kind === "version") await this.#files.tag(ref, to);
      else await this.#files.point(ref, to);
    }
  }
}

/** A tag or branch that does not say what the log says, and the commit that it belongs to; undefined for none. */
interface Difference {
  kind: "version" | "alias";
  ref: string;
  to: string | undefined;
}

function differences({ models }: RegistryState, refs: ReadonlyMap<string, string>): Difference[] {
  return Object.entries(models).flatMap(([name, { versions, aliases, former }]) => {
    const commits = new Map(versions.map(({ version, content }) => [version, refs.get(contentBranch(content))]));
    const tags = versions.flatMap(({ version }): Difference[] => {
      const [ref, to] = [`${name}/${version}`, commits.get(version)];
      return refs.has(ref) || to === undefined ? [] : [{ kind: "version", ref, to }];
    });
    const branches = [...new Set([...Object.keys(aliases), ...Object.keys(former)])].flatMap((alias): Difference[] => {
      const ref = `${name}/${alias}`;
      const to = Object.hasOwn(aliases, alias) ? commits.get(aliases[alias]!) : undefined;
      return refs.get(ref) === to ? [] : [{ kind: "alias", ref, to }];
    });
    return [...tags, ...branches];
  });
}

const titleOf = (events: readonly RegistryEvent[]): string => {
  const [event] = events as [RegistryEvent];
  const { name, reason = "" }: { name: string; reason?: string } =
    event.type === "version-added" ? event.version : event;
  return `${name}: ${event.type}${reason === "" ? "" : `: ${reason}`}`.slice(0, 200);
};

const undeletable = (): BenchError =>
  new BenchError("CAPABILITY_MISSING", "bench deletes no versions on the Hub", {
    fix: "Delete their tags and branches there.",
  });
