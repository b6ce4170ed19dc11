import type { Command } from "commander";
import picocolors from "picocolors";
import { bytes, type Diagnosis, diagnose } from "../../app/diagnose.js";
import { plural } from "../../contract/printable.js";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";
import { twoColumns } from "../text/columns.js";

/** `bench doctor`: what this machine has, and what is missing. */
export function addDoctor(program: Command, context: CliContext): void {
  const command = program
    .command("doctor")
    .description("show what this machine has (devices, cores, memory, disk, versions) and what is missing");
  withCommonOptions(command, ["bench doctor", "bench doctor --json"]).action(async (options: CommonOptions) => {
    const diagnosis = await diagnose(context, options.plugin);
    if (options.json) printJson(context, diagnosis);
    else printLines(context, lines(diagnosis, context));
  });
}

function lines(diagnosis: Diagnosis, context: CliContext): string[] {
  const paint = picocolors.createColors(context.color);
  const { machine } = diagnosis;
  const mark = (available: boolean) => (available ? paint.green("yes") : paint.yellow("no "));
  const memory = `${bytes(machine.memoryBytes)}, ${bytes(machine.freeMemoryBytes)} free`;
  return [
    paint.bold("versions"),
    ...twoColumns(Object.entries(diagnosis.versions), context.width),
    "",
    paint.bold("machine"),
    ...twoColumns(
      [
        ["system", machine.system],
        ["cpu", `${machine.cpu}, ${plural(machine.cores, "core")}`],
        ["memory", memory],
        ["disk here", `${bytes(machine.diskBytes)} free`],
      ],
      context.width,
    ),
    "",
    paint.bold("devices"),
    ...twoColumns(
      diagnosis.devices.map(({ device, available, detail, engine }) => [
        `${mark(available)} ${device}`,
        `${detail} (engine ${engine})`,
      ]),
      context.width,
    ),
    "",
    ...(diagnosis.missing.length === 0
      ? [paint.green("Nothing is missing.")]
      : [paint.bold("missing or short"), ...diagnosis.missing.map((sentence) => `  ${sentence}`)]),
  ];
}
