import { createInterface } from "node:readline";
import type { Command } from "commander";
import { mostCells } from "../../config/limits.js";
import { BenchError } from "../../contract/errors.js";
import { type CliContext, noticePrinter } from "../context.js";
import { wholeNumber } from "../whole-number.js";

interface Options {
  cell?: number;
  list?: boolean;
}

/** `bench worker <store> <request>`: the other side of `bench run --on`. */
export function addWorker(program: Command, context: CliContext): void {
  program
    .command("worker")
    .description("carry out cells of a run that another process coordinates; engines start this, not people")
    .argument("<store>", "what all machines see: a directory or s3://bucket/prefix")
    .argument("<request>", "digest of the request in the store")
    .option(
      "--cell <n>",
      "carry out the n-th cell of the request, from 0, instead of those on standard input",
      wholeNumber(0, mostCells - 1),
    )
    .option("--list", "print the ids of the request's cells, one a line, and stop")
    .action((store: string, request: string, options: Options) => act(store, request, options, context));
}

/** Standard output has a line of JSON for each cell whose end is in the store. */
async function act(store: string, request: string, { cell, list }: Options, context: CliContext): Promise<void> {
  const { openCellServer } = await import("../../run/carry/serve-cells.js");
  const server = await openCellServer(store, request, noticePrinter(context));
  const serve = async (id: string): Promise<void> => {
    const { ok } = await server.serve(id);
    context.print(`${JSON.stringify({ cell: id, ok })}\n`);
  };
  try {
    if (list === true) {
      context.print(server.cells.map((id) => `${id}\n`).join(""));
    } else if (cell !== undefined) {
      const id = server.cells[cell];
      if (id === undefined) {
        throw new BenchError("USAGE", `the request has ${server.cells.length} cells; there is no cell ${cell}`, {
          fix: `Give --cell a number from 0 to ${server.cells.length - 1}.`,
        });
      }
      await serve(id);
    } else {
      const lines = createInterface({ input: process.stdin });
      let busy = false;
      lines.on("close", () => {
        if (busy) server.abandon();
      });
      for await (const line of lines) {
        busy = true;
        await serve(line.trim());
        busy = false;
      }
    }
  } finally {
    await server.close();
  }
}
