import { type Command, Option } from "commander";
import { suggestName } from "../../config/suggest-name.js";
import { BenchError } from "../../contract/errors.js";
import type { CliContext } from "../context.js";

interface Verb {
  name: string;
  description: string;
  flags: { name: string; description: string }[];
}

const shells = { bash, zsh, fish };

/** `bench completion <shell>`: a script that completes verbs and flags. */
export function addCompletion(program: Command, context: CliContext): void {
  program
    .command("completion")
    .description("print a script that completes verbs and flags in your shell")
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
    .action((shell: string, options: { json?: boolean }) => {
      const names = Object.keys(shells);
      if (!(shell in shells)) {
        throw new BenchError("USAGE", `there is no completion for "${shell}"`, { fix: suggestName(shell, names) });
      }
      const script = shells[shell as keyof typeof shells](verbsOf(program));
      context.print(options.json ? `${JSON.stringify({ shell, script }, null, 2)}\n` : script);
    });
}

function verbsOf(program: Command): Verb[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    flags: [command, ...command.commands]
      .flatMap(({ options }) => options)
      .filter(({ long, hidden }) => long && !hidden)
      .map(({ long, description }) => ({ name: long!, description })),
  }));
}

const words = (verb: Verb): string => [...verb.flags.map(({ name }) => name), "--help"].join(" ");

function bash(verbs: Verb[]): string {
  const cases = verbs.map((verb) => `    ${verb.name}) words="${words(verb)}" ;;`);
  return `_bench() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${verbs.map(({ name }) => name).join(" ")} --help --version" -- "$current"))
  elif [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _bench bench
`;
}

function zsh(verbs: Verb[]): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const cases = verbs.map((verb) => `    ${verb.name}) flags=(${words(verb)}) ;;`);
  return `#compdef bench
_bench() {
  local -a verbs flags
  verbs=(${verbs.map(({ name, description }) => `'${name}:${quote(description)}'`).join(" ")})
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  case "$words[2]" in
${cases.join("\n")}
  esac
  if [[ "$words[CURRENT]" == -* ]]; then compadd -a flags; else _files; fi
}
compdef _bench bench
`;
}

function fish(verbs: Verb[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return `${verbs
    .flatMap((verb) => [
      `complete -c bench -n __fish_use_subcommand -a ${verb.name} -d ${quote(verb.description)}`,
      ...verb.flags.map(
        ({ name, description }) =>
          `complete -c bench -n '__fish_seen_subcommand_from ${verb.name}' -l ${name.slice(2)} -d ${quote(description)}`,
      ),
    ])
    .join("\n")}\n`;
}
