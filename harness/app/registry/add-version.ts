import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { VersionRecord } from "../../contract/registry.js";
import { resolveReference } from "../../hub.js";
import type { Registry } from "../../plugins.js";
import { findVersion } from "../../registry/model-registry.js";
import { discardCopy } from "../../registry/model-store.js";
import { openStore } from "../../registry/open-store.js";
import { modelIn } from "../../registry/state.js";
import { openSource, type Source } from "../../run/continuation/source.js";
import { weightsOf } from "../../run/continuation/start.js";
import { type AppContext, registryFor } from "../context.js";
import { requireName, type SignedOptions, stamp, suiteOf } from "./signature.js";

export interface AddOptions extends SignedOptions {
  /** The model that an adapter belongs to, where it does not say so itself. */
  base?: string;
  /** The version that it was trained from: `name@3` or `name@alias`. */
  parent?: string;
  plugins?: string[];
}

export interface AddedVersion {
  version: VersionRecord;
  /** Where its files are now. */
  path: string;
  /** Files of the training that were not copied. */
  leftOut: string[];
  /** Whether a version of that name has the same files already; then nothing was added. */
  known: boolean;
}

/**
 * Copies a checkpoint into the registry as the next version of a name, after the checks that an evaluation makes.
 *
 * @param checkpoint a model or adapter directory, hf://owner/name[@revision], or `<run>/<cell id>[:task]` for what a run
 *   trained.
 * @throws MODEL_INVALID for what is no model, USAGE for a server or another name, and what reading a cell throws.
 */
export async function addVersion(
  name: string,
  checkpoint: string,
  options: AddOptions,
  context: Pick<AppContext, "builtIns">,
): Promise<AddedVersion> {
  requireName(name, "a model");
  const plugins = await registryFor(context, options.plugins);
  const { location, source } = await locate(checkpoint, options.base, plugins);
  for (const text of source?.notices ?? []) options.notice?.(text);
  const [base, adapter] = location.includes("::") ? (location.split("::") as [string, string]) : [];
  const { digest, parameters, architecture } = await plugins.modelFor(location).inspect(location);
  const store = await openStore(options.registry, options.notice);
  const copy = store.copy(adapter ?? location);
  const { content, files, leftOut } = copy;
  let known: VersionRecord | undefined;
  try {
    const state = await store.change(async (before) => {
      const model = modelIn(before, name);
      const parent = options.parent === undefined ? undefined : findVersion(before, options.parent).version;
      if (parent !== undefined && parent.name !== name) {
        throw new BenchError("USAGE", `the parent ${options.parent} is a version of another model`, {
          fix: `Give a version of ${name}.`,
        });
      }
      await store.keep(copy);
      known = model.versions.find((version) => version.content === content && version.base === base);
      if (known !== undefined) return [];
      const version: VersionRecord = {
        ...{ name, version: model.next, content, files },
        model: { digest, parameters, architecture },
        ...(base !== undefined && { base }),
        ...(parent !== undefined && { parent: parent.version }),
        ...(source !== undefined && { origin: originOf(source) }),
        ...stamp(options),
      };
      return [{ type: "version-added", version }];
    });
    const version = known ?? modelIn(state, name).versions.findLast((each) => each.content === content)!;
    return { version, path: store.pathOf(version), leftOut, known: known !== undefined };
  } finally {
    discardCopy(copy);
  }
}

async function locate(
  checkpoint: string,
  base: string | undefined,
  plugins: Registry,
): Promise<{ location: string; source?: Source }> {
  if (/^https?:\/\//.test(checkpoint)) {
    throw new BenchError("USAGE", "a server has no files that can be stored", {
      fix: "Give the directory of the model that it serves.",
    });
  }
  if (/[\\/][0-9a-f]{16}(?::[^\\/]+)?$/.test(checkpoint) && !existsSync(join(checkpoint, "config.json"))) {
    const source = openSource(checkpoint);
    const trained = source.run.source?.bases[source.cell.trainer] ?? source.run.model.reference;
    const { directory } = await resolveReference(base ?? trained, "model");
    return { location: await weightsOf(source, directory, plugins), source };
  }
  const { directory } = await resolveReference(base === undefined ? checkpoint : `${base}::${checkpoint}`, "model");
  return { location: directory };
}

function originOf({ run, cell, learned }: Source): VersionRecord["origin"] {
  return {
    ...{ run: run.id, cell: cell.id, trainer: cell.trainer, order: cell.order, seed: cell.seed },
    ...{ suite: suiteOf(run), learned, config: run.configDigest },
  };
}
