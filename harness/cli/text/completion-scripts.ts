/** What a shell completes: one verb, or a verb's own verb such as `gate bless`. */
export interface CompletedVerb {
  /** One or two words. */
  name: string;
  description: string;
  flags: CompletedFlag[];
  /** What may come first in place of a flag: its own verbs, and names. */
  words: string[];
}

/** A flag, with the values that it takes where they are known. */
export interface CompletedFlag {
  name: string;
  description: string;
  values: readonly string[];
}

type Script = (verbs: readonly CompletedVerb[]) => string;

const flagWords = ({ flags }: CompletedVerb): string => [...flags.map(({ name }) => name), "--help"].join(" ");

/** The pairs of verb and flag that take the same values: `"run --suite"` and the others, once each list of values. */
function valuesByPlace(verbs: readonly CompletedVerb[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const verb of verbs) {
    for (const { name, values } of verb.flags) {
      if (values.length === 0) continue;
      const key = values.join(" ");
      found.set(key, [...(found.get(key) ?? []), `${verb.name} ${name}`]);
    }
  }
  return found;
}

/** Words of a shell's `case`, any of which is meant. */
const anyOf = (words: readonly string[]): string => words.map((word) => `"${word}"`).join("|");

/** The lines of a `case` over verb and flag: the values of each, as a shell assigns them. */
const valueCases = (verbs: readonly CompletedVerb[], assigned: (values: string) => string): string =>
  [...valuesByPlace(verbs)].map(([values, places]) => `    ${anyOf(places)}) values=${assigned(values)} ;;`).join("\n");

const topLevel = (verbs: readonly CompletedVerb[]): CompletedVerb[] => verbs.filter(({ name }) => !name.includes(" "));
const nested = (verbs: readonly CompletedVerb[]): string[] =>
  verbs.map(({ name }) => name).filter((name) => name.includes(" "));

/** Names of a list with commas are completed one by one. */
const bash: Script = (verbs) => `_bench() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local verb="\${COMP_WORDS[1]}" flags="" names="" values=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${topLevel(verbs)
      .map(({ name }) => name)
      .join(" ")} --help --version" -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$verb \${COMP_WORDS[2]}" in
      ${anyOf(nested(verbs))}) verb="$verb \${COMP_WORDS[2]}" ;;
    esac
  fi
  case "$verb $previous" in
${valueCases(verbs, (values) => `"${values}"`)}
  esac
  if [ -n "$values" ]; then
    local before=""
    case "$current" in *,*) before="\${current%,*}," ;; esac
    COMPREPLY=($(compgen -P "$before" -W "$values" -- "\${current##*,}"))
    return
  fi
  case "$verb" in
${verbs.map((verb) => `    "${verb.name}") flags="${flagWords(verb)}"; names="${verb.words.join(" ")}" ;;`).join("\n")}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$names" -- "$current") $(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _bench bench
`;

const zsh: Script = (verbs) => {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const described = topLevel(verbs).map(({ name, description }) => `'${name}:${quote(description)}'`);
  return `#compdef bench
_bench() {
  local -a verbs flags names values
  local verb="$words[2]"
  verbs=(${described.join(" ")})
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  if (( CURRENT > 3 )); then
    case "$verb $words[3]" in
      ${anyOf(nested(verbs))}) verb="$verb $words[3]" ;;
    esac
  fi
  case "$verb $words[CURRENT-1]" in
${valueCases(verbs, (values) => `(${values})`)}
  esac
  if (( $#values )); then
    compset -P '*,'
    compadd -a values
    return
  fi
  case "$verb" in
${verbs.map((verb) => `    "${verb.name}") flags=(${flagWords(verb)}); names=(${verb.words.join(" ")}) ;;`).join("\n")}
  esac
  if [[ "$words[CURRENT]" == -* ]]; then compadd -a flags; else compadd -a names; _files; fi
}
compdef _bench bench
`;
};

const fish: Script = (verbs) => {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const seen = ({ name }: CompletedVerb) =>
    quote(
      name
        .split(" ")
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join("; and "),
    );
  const lines = verbs.flatMap((verb) => [
    ...(verb.name.includes(" ")
      ? []
      : [`complete -c bench -n __fish_use_subcommand -a ${verb.name} -d ${quote(verb.description)}`]),
    ...(verb.words.length === 0 ? [] : [`complete -c bench -n ${seen(verb)} -a ${quote(verb.words.join(" "))}`]),
    ...verb.flags.map(
      ({ name, description, values }) =>
        `complete -c bench -n ${seen(verb)} -l ${name.slice(2)}${values.length === 0 ? "" : ` -x -a ${quote(values.join(" "))}`} -d ${quote(description)}`,
    ),
  ]);
  return `${lines.join("\n")}\n`;
};

/** A script for each shell, from what the command line and the plug-ins offer. */
export const completionScripts: Readonly<Record<string, Script>> = { bash, zsh, fish };
