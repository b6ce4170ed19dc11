import { type Command, InvalidArgumentError, Option } from "commander";
import type { GateOptions } from "../../app/gate/gate-run.js";
import { limits } from "../../config/limits.js";
import {
  type CliContext,
  type CommonOptions,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { byOption } from "../shared-options.js";
import { nearPath } from "../text/near-path.js";
import { wholeNumber } from "../whole-number.js";

interface StoreOptions extends CommonOptions {
  baselines?: string;
  config?: string;
  by: string;
  reason: string;
}

type Options = CommonOptions &
  Omit<GateOptions, "margins" | "worstFalls"> & {
    margin?: Record<string, number>;
    worstFall?: Record<string, number>;
    allowInconclusive?: boolean;
    plan?: boolean;
    html?: string;
  };

/** What a program learns from each verdict. */
export const verdictExitCodes = { pass: 0, fail: 1, inconclusive: 3 };

/** `bench gate <run>`, `bench gate bless`, `bench gate acknowledge`: may this version ship? */
export function addGate(program: Command, context: CliContext): void {
  const gate = program
    .command("gate")
    .description("compare a run with a blessed baseline: PASS, FAIL or INCONCLUSIVE, by margins declared in advance")
    .helpCommand(false)
    .enablePositionalOptions()
    .argument("<run>", "a run directory, or <run>:<trainer>")
    .option("--config <file>", "configuration with a section `gate`; flags override it")
    .addOption(marginOption())
    .option(
      "--worst-fall <metric=value>",
      "largest possible loss in one task order; selects the betting test; repeatable",
      margins,
    )
    .option("--baseline <name>", "name of the baseline, or name@version (default: main)")
    .option("--baselines <directory>", "directory of the baselines (default: baselines)")
    .option(
      "--against <run>",
      "compare two evaluated models item by item: the run of the other model; needs no baseline",
    )
    .option("--plan", "show the smallest difference that a gate on the items of <run> could detect; compares nothing")
    .option("--trainer <label>", "trainer of the run to compare")
    .option("--extend", "where the result is inconclusive, run the further orders that would decide, up to a cap")
    .option(
      "--max-orders <n>",
      "cap of --extend; the error rate is spent over looks at up to this many orders",
      wholeNumber(3, limits.orders),
    )
    .option("--trust-plugins <digest>", "let --extend execute the plug-ins that the run names")
    .option("--allow-inconclusive", "exit with 0 instead of 3 where the evidence does not decide")
    .option("--markdown <file>", "write the result as Markdown, such as for a step summary")
    .option("--html <file>", "write the result as a page")
    .option("--junit <file>", "write the result as JUnit XML")
    .option("--sarif <file>", "write the result as SARIF 2.1.0");
  withCommonOptions(gate, [
    'bench gate bless runs/main --reason "release 1.2"',
    "bench gate runs/candidate --margin op=0.02 --margin bwt=0.03",
    "bench gate runs/checkpoint-b --against runs/checkpoint-a --margin op=0.02 --margin probe:facts=0.05",
    "bench gate runs/checkpoint-a --plan --margin general=0.02",
    "bench gate runs/candidate --config bench.yaml --extend --max-orders 10",
    "bench gate runs/candidate --config bench.yaml --markdown gate.md --junit gate.xml --sarif gate.sarif",
    'bench gate acknowledge bwt --margin 0.08 --reason "traded for speed" --until 2027-01-31',
  ]).action(async (run: string, options: Options) => {
    const { gateRun } = await import("../../app/gate/gate-run.js");
    const { gateLines } = await import("../text/gate-lines.js");
    const { margin: margins, worstFall: worstFalls, plugin: plugins, plan, ...rest } = options;
    if (plan === true) {
      const { planGate } = await import("../../app/gate/gate-items.js");
      const { gatePlanLines } = await import("../text/gate-plan-lines.js");
      const planned = planGate(run, { ...rest, margins, notice: noticePrinter(context) });
      if (options.json) printJson(context, planned);
      else printLines(context, gatePlanLines(planned, context));
      return;
    }
    const result = await gateRun(run, { ...rest, margins, worstFalls, plugins }, context);
    if (options.html !== undefined) {
      const { renderResults } = await import("../../app/render-results.js");
      await renderResults([result], options.html, context, plugins);
    }
    if (options.json) printJson(context, result);
    else printLines(context, gateLines(result, context));
    const tolerated = result.verdict === "inconclusive" && options.allowInconclusive === true;
    process.exitCode = tolerated ? 0 : verdictExitCodes[result.verdict];
  });

  const bless = stored(
    gate
      .command("bless")
      .description("make a finished run the next version of a baseline")
      .argument("<run>", "a run directory, or <run>:<trainer>")
      .option("--name <name>", "name of the baseline", "main"),
    "why this run is the baseline",
  );
  withCommonOptions(bless, ['bench gate bless runs/main --reason "release 1.2"']).action(
    async (run: string, options: StoreOptions & { name: string }) => {
      const { blessRun } = await import("../../app/gate/gate-run.js");
      const { baseline, file } = blessRun(run, { ...options, notice: noticePrinter(context) });
      const { name, version, cells, suite } = baseline;
      if (options.json) printJson(context, { name, version, file, cells: cells.length, suite });
      else context.print(`Blessed ${name}@${version}: ${cells.length} cells in ${nearPath(file)}. Commit that file.\n`);
    },
  );

  const acknowledge = stored(
    gate
      .command("acknowledge")
      .description("accept a regression of one metric until a date; recorded with the baseline")
      .argument("<metric>", "a metric's key, task:<id>, probe:<id>, or general, instruction, safety, unseen")
      .requiredOption("--margin <value>", "largest acceptable loss until then, in the metric's unit", margin)
      .requiredOption("--until <day>", "the last day on which it holds, YYYY-MM-DD")
      .option("--baseline <name>", "name of the baseline"),
    "why it is accepted",
  );
  withCommonOptions(acknowledge, [
    'bench gate acknowledge bwt --margin 0.08 --reason "traded for speed" --until 2027-01-31',
  ]).action(async (metric: string, options: StoreOptions & { margin: number; until: string; baseline?: string }) => {
    const { acknowledgeRegression } = await import("../../app/gate/gate-run.js");
    const file = acknowledgeRegression(metric, options);
    if (options.json) printJson(context, { metric, file });
    else context.print(`Recorded in ${nearPath(file)}. Commit that file.\n`);
  });
}

/** Of every verb that judges. */
export const marginOption = (): Option =>
  new Option("--margin <metric=value>", "largest acceptable loss, in the metric's unit; repeatable").argParser(margins);

/** Options of the verbs that write a record. */
const stored = (command: Command, why: string): Command =>
  command
    .requiredOption("--reason <text>", why)
    .addOption(byOption())
    .option("--config <file>", "configuration with a section `gate`")
    .option("--baselines <directory>", "directory of the baselines (default: baselines)");

function margins(text: string, before: Record<string, number> | undefined): Record<string, number> {
  const [, metric, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (metric === undefined) throw new InvalidArgumentError("Give metric=value, such as op=0.02.");
  return { ...before, [metric]: margin(value!) };
}

function margin(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Give a number of at least 0.");
}
