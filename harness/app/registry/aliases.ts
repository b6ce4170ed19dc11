import { BenchError } from "../../contract/errors.js";
import type { RegistryState } from "../../contract/registry.js";
import { findVersion, ModelRegistry } from "../../registry/model-registry.js";
import { removeContent, unreferencedContents } from "../../registry/model-store.js";
import { openStore } from "../../registry/open-store.js";
import { holdersOf, modelIn } from "../../registry/state.js";
import { RolloutLog } from "../../rollout/rollout-log.js";
import { requireName, type SignedOptions, stamp } from "./signature.js";

export interface MoveOptions extends SignedOptions {
  /** Where the alias must point for it to be moved: a version, or null for nowhere. Any place without it. */
  expect?: number | null;
}

/** An alias after it was moved. */
export interface MovedAlias {
  name: string;
  alias: string;
  from: number | null;
  to: number | null;
}

/**
 * Points an alias of a model at a version, or at none: by compare-and-set where an expectation is given, so that of two
 * that would promote at the same time only one does.
 *
 * @param reference `name@version` or `name@alias`.
 * @throws ALIAS_MOVED where the alias points elsewhere than expected, UNKNOWN_NAME where there is no such version,
 *   CAPABILITY_MISSING for an expectation where the store has no compare-and-set.
 */
export async function moveAlias(reference: string, alias: string, options: MoveOptions): Promise<MovedAlias> {
  requireName(alias, "an alias");
  return move(options, alias, options.expect, (state) => {
    const { version } = findVersion(state, reference);
    return { name: version.name, to: version.version };
  });
}

/** Takes an alias away. Throws as `moveAlias` does. */
export async function dropAlias(name: string, alias: string, options: MoveOptions): Promise<MovedAlias> {
  return move(options, alias, options.expect, () => ({ name, to: null }));
}

/**
 * Points an alias at the version that it pointed at before.
 *
 * @throws UNKNOWN_NAME where it never pointed at another.
 */
export async function restoreAlias(name: string, alias: string, options: MoveOptions): Promise<MovedAlias> {
  return move(options, alias, options.expect, (state) => {
    const { former } = modelIn(state, name);
    if (Object.hasOwn(former, alias)) return { name, to: former[alias]! };
    throw new BenchError("UNKNOWN_NAME", `the alias "${alias}" of ${name} has not pointed at another version before`, {
      fix: `Point it at a version: bench registry alias ${name}@<version> ${alias}`,
    });
  });
}

async function move(
  options: MoveOptions,
  alias: string,
  expect: number | null | undefined,
  target: (state: RegistryState) => { name: string; to: number | null },
): Promise<MovedAlias> {
  const store = await openStore(options.registry, options.notice);
  if (expect !== undefined && !store.isAtomic) {
    throw new BenchError("CAPABILITY_MISSING", `${options.registry} cannot compare an alias and move it in one step`, {
      fix: "Leave out --expect: of two that move it at the same time the last one wins. A directory can.",
    });
  }
  let moved: MovedAlias | undefined;
  await store.change((state) => {
    const { name, to } = target(state);
    const { aliases } = modelIn(state, name);
    const from = Object.hasOwn(aliases, alias) ? aliases[alias]! : null;
    if (expect !== undefined && expect !== from) {
      throw new BenchError("ALIAS_MOVED", `the alias "${alias}" of ${name} points at ${placeText(from)}`, {
        fix: `It was expected at ${placeText(expect)}: look at what changed (bench registry show ${name}), then decide again.`,
      });
    }
    if (to === null && from === null) {
      throw new BenchError("UNKNOWN_NAME", `${name} has no alias "${alias}"`, {
        fix: `Its aliases: ${Object.keys(aliases).join(", ") || "none"}.`,
      });
    }
    moved = { name, alias, from, to };
    return from === to ? [] : [{ type: "alias-moved", ...moved, ...stamp(options) }];
  });
  return moved!;
}

const placeText = (version: number | null): string => (version === null ? "no version" : `version ${version}`);

export interface CollectOptions extends SignedOptions {
  /** The newest versions of each model that stay. */
  keep: number;
  dryRun?: boolean;
}

/** What a collection removed, or would remove. */
export interface Collected {
  versions: { name: string; version: number }[];
  /** Directories of contents that no version has any more. */
  contents: string[];
}

/**
 * Deletes old versions and the files that only they have. What an alias points at stays, what one pointed at before its
 * last move, and both versions of a live rollout; the numbers of deleted versions are not given again.
 */
export async function collectGarbage(options: CollectOptions): Promise<Collected> {
  const registry = new ModelRegistry(options.registry, options.notice);
  const old = (state: RegistryState): Collected["versions"] =>
    Object.entries(state.models).flatMap(([name, model]) => {
      const free = model.versions
        .slice(0, Math.max(0, model.versions.length - options.keep))
        .filter(({ version }) => holdersOf(model, version).length === 0);
      const rollout = free.length === 0 ? undefined : new RolloutLog(options.registry, name).live();
      return free
        .filter(({ version }) => version !== rollout?.candidate && version !== rollout?.champion)
        .map(({ version }) => ({ name, version }));
    });
  const contentsOf = (state: RegistryState, without: Collected["versions"]): string[] => {
    const gone = new Set(without.map(({ name, version }) => `${name}@${version}`));
    const versions = Object.values(state.models).flatMap((model) => model.versions);
    const kept = versions.filter(({ name, version }) => !gone.has(`${name}@${version}`));
    return unreferencedContents(registry.directory, new Set(kept.map(({ content }) => content)));
  };
  if (options.dryRun) {
    const state = registry.read();
    const versions = old(state);
    return { versions, contents: contentsOf(state, versions) };
  }
  let collected!: Collected;
  await registry.change(
    (state) => {
      const versions = old(state);
      collected = { versions, contents: contentsOf(state, versions) };
      return versions.map((version) => ({ type: "version-deleted", ...version, ...stamp(options) }));
    },
    // Contents are removed after the log says so: a crash in between leaves files, which the next collection removes.
    () => {
      for (const content of collected.contents) removeContent(registry.directory, content);
    },
  );
  return collected;
}
