import type { Command } from "commander";
import picocolors from "picocolors";
import { type CatalogKind, catalogKinds, registryFor } from "../../app/context.js";
import { suggestName } from "../../config/suggest-name.js";
import { BenchError } from "../../contract/errors.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";
import { twoColumns } from "../text/columns.js";

/** `bench list [kind]`: the names of what there is, with one line each. */
export function addList(program: Command, context: CliContext): void {
  const command = program
    .command("list")
    .description("list suites, trainers, scorers, metrics, models, reporters, engines and launchers")
    .argument("[kind]", `one of ${catalogKinds.join(", ")}; all without one`);
  withCommonOptions(command, [
    "bench list",
    "bench list trainers",
    "bench list metrics --json",
    "bench list trainers --plugin ./my-trainer.mjs",
  ]).action(async (kind: string | undefined, options: CommonOptions) => {
    const kinds = kind === undefined ? catalogKinds : [kindOf(kind)];
    const { catalog } = await import("../../app/catalog.js");
    const entries = catalog(await registryFor(context, options.plugin));
    if (options.json) {
      const names = (one: CatalogKind) => entries[one].map(({ name, summary }) => ({ name, summary }));
      printJson(context, Object.fromEntries(kinds.map((one) => [one, names(one)])));
      return;
    }
    const paint = picocolors.createColors(context.color);
    const blocks = kinds.map((one) =>
      [
        paint.bold(one),
        ...twoColumns(
          entries[one].map(({ name, summary }) => [name, summary]),
          context.width,
        ),
      ].join("\n"),
    );
    context.print(`${blocks.join("\n\n")}\n\n\`bench show <name>\` tells more about one of them.\n`);
  });
}

function kindOf(kind: string): CatalogKind {
  const found = catalogKinds.find((known) => known === kind || known === `${kind}s`);
  if (found !== undefined) return found;
  throw new BenchError("USAGE", `there is nothing to list under "${kind}"`, { fix: suggestName(kind, catalogKinds) });
}
