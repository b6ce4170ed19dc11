import { type Argument, type Command, Option } from "commander";
import { catalogKinds, registryFor } from "../../app/context.js";
import { suggestName } from "../../config/suggest-name.js";
import { BenchError } from "../../contract/errors.js";
import type { CliContext } from "../context.js";
import { type CompletedVerb, completionScripts } from "../text/completion-scripts.js";

/** `bench completion <shell>`: a script that completes verbs, flags, and the names of suites, trainers and the like. */
export function addCompletion(program: Command, context: CliContext): void {
  program
    .command("completion")
    .description("print a script that completes verbs, flags and names in your shell")
    .argument("<shell>", "bash, zsh or fish")
    .option("--json", "print machine-readable JSON")
    .addOption(new Option("--stack").hideHelp())
    .helpOption("-h, --help", "show this help")
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        '  eval "$(bench completion bash)"                 in ~/.bashrc',
        '  eval "$(bench completion zsh)"                  in ~/.zshrc, after compinit',
        "  bench completion fish > ~/.config/fish/completions/bench.fish",
      ].join("\n"),
    )
    .action(async (shell: string, options: { json?: boolean }) => {
      const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
      if (script === undefined) {
        const fix = suggestName(shell, Object.keys(completionScripts));
        throw new BenchError("USAGE", `there is no completion for "${shell}"`, { fix });
      }
      const text = script(completedVerbs(program, await knownNames(context)));
      context.print(options.json ? `${JSON.stringify({ shell, script: text }, null, 2)}\n` : text);
    });
}

/** Names by what an argument or a flag calls them. */
type KnownNames = Readonly<Record<string, readonly string[]>>;

/** What the built-in plug-ins offer. */
async function knownNames(context: CliContext): Promise<KnownNames> {
  const { catalog } = await import("../../app/catalog.js");
  const entries = catalog(await registryFor(context));
  const names = (kind: (typeof catalogKinds)[number]) => entries[kind].map(({ name }) => name);
  const { suites, trainers } = { suites: names("suites"), trainers: names("trainers") };
  return {
    ...{ "<suite>": suites, "--suite": suites, "<trainer>": trainers, "--trainer": trainers, "--trainers": trainers },
    ...{ "--engine": names("engines"), "--reporter": names("reporters"), "--metrics": names("metrics") },
    "--on": ["local", ...names("launchers")],
    ...{ "show <name>": [...new Set(catalogKinds.flatMap(names))], "list <kind>": catalogKinds },
    "completion <shell>": Object.keys(completionScripts),
  };
}

/** Every verb of a program, and every verb of a verb, with its flags and what may follow it. */
function completedVerbs(program: Command, names: KnownNames): CompletedVerb[] {
  const describe = (command: Command, name: string): CompletedVerb => {
    const wordsOf = (argument: Argument) =>
      argument.argChoices ?? names[`${name} <${argument.name()}>`] ?? names[`<${argument.name()}>`] ?? [];
    return {
      name,
      description: command.description(),
      flags: command.options
        .filter(({ long, hidden }) => long && !hidden)
        .map(({ long, description, argChoices }) => {
          return { name: long!, description, values: argChoices ?? names[long!] ?? [] };
        }),
      words: [...command.commands.map((own) => own.name()), ...command.registeredArguments.flatMap(wordsOf)],
    };
  };
  return program.commands.flatMap((verb) => [
    describe(verb, verb.name()),
    ...verb.commands.map((own) => describe(own, `${verb.name()} ${own.name()}`)),
  ]);
}
