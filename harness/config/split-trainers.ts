import { BenchError } from "../contract/errors.js";

/** Splits `a,b,command:python3 my.py` at commas outside quotes. Throws USAGE when a name is empty. */
export function splitTrainers(list: string): string[] {
  const names = (list.match(/(?:[^,"']|"[^"]*"|'[^']*'|["'])+|(?<=^|,)(?=,|$)/g) ?? [""]).map((name) => name.trim());
  if (names.some((name) => name === "")) {
    throw new BenchError("USAGE", `--trainers "${list}" has an empty name`, {
      fix: "Separate the names by single commas, such as --trainers sequential,replay",
    });
  }
  return names;
}
