import { type Command, InvalidArgumentError, Option } from "commander";
import type { AddOptions } from "../../app/registry/add-version.js";
import type { CollectOptions, MoveOptions } from "../../app/registry/aliases.js";
import type { SignedOptions } from "../../app/registry/signature.js";
import { BenchError } from "../../contract/errors.js";
import {
  type CliContext,
  type CommonOptions,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { withRegistryOption, withSignature } from "../shared-options.js";
import { wholeNumber } from "../whole-number.js";

type Options<Service> = CommonOptions & Service;

const versionArgument = "a version: name@3 or name@alias; the latest of a name alone";

/** `bench registry`: versions of models with lineage, evaluations and aliases. */
export function addRegistry(program: Command, context: CliContext): void {
  const registry = program
    .command("registry")
    .description(
      "keep versions of models with their lineage, evaluations and aliases, in a directory, on a server of MLflow (--registry mlflow+http://host:5000), or in a repository on the Hub (--registry hf://owner/name)",
    )
    .helpCommand(false);
  addChanges(registry, context);
  addQueries(registry, context);
}

function addChanges(registry: Command, context: CliContext): void {
  const notice = noticePrinter(context);
  const add = registry
    .command("add")
    .description("copy a checkpoint into the registry as the next version of a model")
    .argument("<name>", "name of the model")
    .argument("<checkpoint>", "a model or adapter directory, hf://owner/name[@revision], or <run>/<cell id>[:task]")
    .option("--base <reference>", "base model of an adapter that does not name it")
    .option("--parent <version>", "version that it was trained from: name@3 or name@alias");
  withCommonOptions(withSignature(add), [
    'bench registry add support ./checkpoint-500 --reason "week 12"',
    "bench registry add support runs/trace-seq-1a2b3c4d/0123456789abcdef --parent support@champion",
  ]).action(async (name: string, checkpoint: string, { plugin: plugins, ...options }: Options<AddOptions>) => {
    const { addVersion } = await import("../../app/registry/add-version.js");
    const { versionText } = await import("../text/registry-lines.js");
    const added = await addVersion(name, checkpoint, { ...options, plugins, notice }, context);
    if (options.json) printJson(context, added);
    else {
      const { version, path, known, leftOut } = added;
      printLines(context, [
        known ? `${versionText(version)} has these files already.` : `Added ${versionText(version)}.`,
        ...(leftOut.length === 0 ? [] : [`Left out, since a model does not need it: ${leftOut.join(", ")}`]),
        `path  ${path}`,
      ]);
    }
  });

  const attach = registry
    .command("attach")
    .description("attach what `bench evaluate` measured of a version")
    .argument("<version>", versionArgument)
    .argument("<run>", "run directory of the evaluation");
  withCommonOptions(withSignature(attach, false), ["bench registry attach support@3 runs/trace-seq-1a2b3c4d"]).action(
    async (reference: string, run: string, options: Options<SignedOptions>) => {
      const { attachEvaluation } = await import("../../app/registry/evaluations.js");
      const { versionText } = await import("../text/registry-lines.js");
      const attached = await attachEvaluation(reference, run, { ...options, notice });
      if (options.json) printJson(context, attached);
      else printLines(context, [`Attached run ${attached.evaluation.run} to ${versionText(attached.version)}.`]);
    },
  );

  const alias = registry
    .command("alias")
    .description("point an alias, such as champion, at exactly one version")
    .argument("<version>", "where it points from now on: name@3 or name@alias; the name alone with --back or --delete")
    .argument("<alias>", "name of the alias")
    .option("--expect <version>", "move it only if it points at this version number, or at `none`", expectation)
    .addOption(new Option("--back", "point it at the version before its last move").conflicts("delete"))
    .option("--delete", "remove the alias; versions stay");
  withCommonOptions(withSignature(alias), [
    'bench registry alias support@4 champion --expect 3 --reason "passed the gate"',
    'bench registry alias support champion --back --reason "complaints"',
  ]).action(
    async (
      reference: string,
      name: string,
      { back, delete: drop, ...options }: Options<MoveOptions> & { back?: boolean; delete?: boolean },
    ) => {
      const { dropAlias, moveAlias, restoreAlias } = await import("../../app/registry/aliases.js");
      const moved = await (back ? restoreAlias : drop ? dropAlias : moveAlias)(reference, name, { ...options, notice });
      if (options.json) printJson(context, moved);
      else {
        const place = (version: number | null) => (version === null ? "none" : `${moved.name}@${version}`);
        printLines(context, [`${moved.alias}: ${place(moved.from)} → ${place(moved.to)}`]);
      }
    },
  );

  const gc = registry
    .command("gc")
    .description(
      "delete old versions; never one that an alias points at or pointed at before its last move, nor one in a live rollout",
    )
    .option("--keep <n>", "number of newest versions of each model that stay", wholeNumber(1, 1_000_000), 10)
    .option("--dry-run", "show what would be deleted");
  withCommonOptions(withSignature(gc), ["bench registry gc --keep 5 --dry-run"]).action(
    async (options: Options<CollectOptions>) => {
      const { collectGarbage } = await import("../../app/registry/aliases.js");
      const { versionText } = await import("../text/registry-lines.js");
      const collected = await collectGarbage({ ...options, notice });
      if (options.json) return printJson(context, collected);
      const verb = options.dryRun ? "would be deleted" : "deleted";
      printLines(context, [
        `Versions ${verb}: ${collected.versions.map(versionText).join(", ") || "none"}`,
        `Directories ${verb}: ${collected.contents.length}`,
      ]);
    },
  );
}

function addQueries(registry: Command, context: CliContext): void {
  const notice = noticePrinter(context);
  const list = registry
    .command("list")
    .description("list versions, the newest first, with the aliases that point at them")
    .argument("[name]", "only versions of this model");
  withCommonOptions(withRegistryOption(list), [
    "bench registry list",
    "bench registry list support --json",
    "bench registry list --registry mlflow+http://localhost:5000",
    "bench registry list --registry hf://owner/name",
  ]).action(async (name: string | undefined, options: Options<SignedOptions>) => {
    const { findVersion } = await import("../../registry/model-registry.js");
    const { openStore } = await import("../../registry/open-store.js");
    const { registryLines } = await import("../text/registry-lines.js");
    const state = await (await openStore(options.registry, notice)).read();
    if (name !== undefined) findVersion(state, name);
    const names = name === undefined ? Object.keys(state.models) : [name];
    if (options.json)
      printJson(context, { ...state, models: Object.fromEntries(names.map((each) => [each, state.models[each]])) });
    else printLines(context, registryLines(state, names));
  });

  const show = registry
    .command("show")
    .description("show a version: files, lineage, aliases and evaluations")
    .argument("<version>", versionArgument);
  withCommonOptions(withRegistryOption(show), ["bench registry show support@champion"]).action(
    async (reference: string, options: Options<SignedOptions>) => {
      const { findVersion } = await import("../../registry/model-registry.js");
      const { openStore } = await import("../../registry/open-store.js");
      const { versionLines } = await import("../text/registry-lines.js");
      const store = await openStore(options.registry, notice);
      const found = findVersion(await store.read(), reference);
      const path = store.pathOf(found.version);
      const evaluations = found.model.evaluations[found.version.version] ?? [];
      if (options.json) printJson(context, { version: found.version, path, evaluations });
      else printLines(context, versionLines(found, path, context));
    },
  );

  const path = registry
    .command("path")
    .description("print where the files of a version are, as --model and `bench evaluate` take it")
    .argument("<version>", versionArgument);
  withCommonOptions(withRegistryOption(path), [
    'bench evaluate "$(bench registry path support@champion)" trace-seq',
  ]).action(async (reference: string, options: Options<SignedOptions>) => {
    const { findVersion } = await import("../../registry/model-registry.js");
    const { openStore } = await import("../../registry/open-store.js");
    const store = await openStore(options.registry, notice);
    const found = store.pathOf(findVersion(await store.read(), reference).version);
    if (options.json) printJson(context, { path: found });
    else printLines(context, [found]);
  });

  const diff = registry
    .command("diff")
    .description("compare two versions: files, and scores on the suites that both were evaluated on")
    .argument("<before>", versionArgument)
    .argument("<after>", versionArgument);
  withCommonOptions(withRegistryOption(diff), ["bench registry diff support@champion support@4"]).action(
    async (before: string, after: string, options: Options<SignedOptions>) => {
      const { compareVersions } = await import("../../app/registry/evaluations.js");
      const { differenceLines } = await import("../text/registry-lines.js");
      const difference = await compareVersions({ ...options, notice }, before, after);
      if (options.json) printJson(context, difference);
      else printLines(context, differenceLines(difference));
    },
  );

  const verify = registry
    .command("verify")
    .description("compute the digests of stored files again, of one version or of all")
    .argument("[version]", versionArgument);
  withCommonOptions(withRegistryOption(verify), [
    "bench registry verify",
    "bench registry verify support@champion",
  ]).action(async (reference: string | undefined, options: Options<SignedOptions>) => {
    const { verifyVersions } = await import("../../app/registry/evaluations.js");
    const { verifiedLines } = await import("../text/registry-lines.js");
    const verified = await verifyVersions({ ...options, notice }, reference);
    if (options.json) printJson(context, verified);
    else printLines(context, verifiedLines(verified.versions, context));
    const damaged = verified.versions.filter(({ damage }) => damage.length > 0);
    if (damaged.length === 0) return;
    throw new BenchError("DATA_INVALID", `${damaged.length} of ${verified.versions.length} versions are damaged`, {
      fix: "Restore their files from a copy, or add the checkpoints again.",
    });
  });
}

function expectation(text: string): number | null {
  if (text === "none") return null;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give the number of a version, or none.");
}
