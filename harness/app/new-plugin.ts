import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import { packageRoot } from "../contract/files.js";

/** What a plug-in can be started as. */
export const newKinds = ["trainer", "suite", "scorer", "metric"] as const;
export type NewKind = (typeof newKinds)[number];

/** Languages of plug-ins, by the extension of their files. */
export const languages = ["js", "ts", "py"] as const;
export type Language = (typeof languages)[number];

const extensions: Record<string, Language> = { ".mjs": "js", ".ts": "ts", ".mts": "ts", ".py": "py" };
const defaultExtensions: Record<Language, string> = { js: ".mjs", ts: ".ts", py: ".py" };

/** The name that a template has, and its file gets unless another is given. */
const templateNames: Record<NewKind, string> = {
  trainer: "my-method",
  suite: "my-suite",
  scorer: "my-scorer",
  metric: "my-metric",
};

/** A plug-in to write. */
export interface NewPlugin {
  /** In the working directory. */
  file: string;
  text: string;
  /** The command that uses it as it is. */
  run: string;
}

/**
 * A plug-in that runs as it is.
 *
 * @param given its name, or that of its file, whose extension says the language.
 * @throws USAGE for a name that cannot be one, or a language that the kind or the extension does not allow.
 */
export function newPlugin(kind: NewKind, given = templateNames[kind], language?: Language): NewPlugin {
  if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(given)) {
    throw new BenchError("USAGE", `"${given}" cannot name a ${kind}`, {
      fix: "Begin with a letter; use letters, digits, dots, hyphens and underscores.",
    });
  }
  const extension = /\.(?:[cm]?[jt]s|py)$/.exec(given)?.[0];
  const own = extension === undefined ? (language ?? "js") : extensions[extension];
  if (own === undefined) {
    throw new BenchError("USAGE", `Node does not read every ${extension} file as a module`, {
      fix: `Write ${given.slice(0, -extension!.length)}.mjs, or .ts.`,
    });
  }
  if (language !== undefined && language !== own) {
    throw new BenchError("USAGE", `${given} is not a file of the language "${language}"`, {
      fix: `Leave --language out, or write ${given.slice(0, -extension!.length)}${defaultExtensions[language]}.`,
    });
  }
  if (own === "py" && kind !== "trainer") {
    throw new BenchError("USAGE", `a ${kind} is not written in Python`, {
      fix: "Use JavaScript or TypeScript: --language js, --language ts.",
    });
  }
  const name = extension === undefined ? given : given.slice(0, -extension.length);
  const file = `${name}${extension ?? defaultExtensions[own]}`;
  const text = own === "py" ? pythonTrainer(file) : template(`${kind}.mjs`);
  return { file, text: named(text, templateNames[kind], name), run: commands[kind](file, name) };
}

/** The text with another name, also where it is a key in camelCase and an id in lower case. */
function named(text: string, before: string, name: string): string {
  const key = (of: string) =>
    of
      .replace(/^./, (first) => first.toLowerCase())
      .replace(/[^A-Za-z0-9]+(.?)/g, (_, next: string) => next.toUpperCase());
  return text
    .replaceAll(`"${before}"`, `"${name}"`)
    .replaceAll(`"${before}.`, `"${name.toLowerCase().replaceAll("_", "-")}.`)
    .replaceAll(key(before), key(name));
}

const commands: Record<NewKind, (file: string, name: string) => string> = {
  trainer: (file) =>
    file.endsWith(".py")
      ? `bench run trace-seq --quick --trainers "sequential,command:python3 ${file}"`
      : `bench run trace-seq --quick --trainers sequential,./${file}`,
  suite: (file) => `bench run ./${file} --quick --trainers sequential,replay,joint`,
  metric: (file) => `bench metrics matrix.csv --plugin ./${file}`,
  scorer: (file, name) => `bench run ./data --plugin ./${file}    # with "scorer: ${name}" in data/suite.yaml`,
};

const template = (file: string): string =>
  readFileSync(join(packageRoot, "harness", "plugins", "templates", file), "utf8");

/** The trainer with the protocol's half of the reference client in place of its import, so that it is one file. */
function pythonTrainer(file: string): string {
  const client = readFileSync(join(packageRoot, "harness", "plugins", "client.py"), "utf8");
  const main = 'if __name__ == "__main__":';
  const protocol = client.slice(client.indexOf("# --- The protocol"), client.lastIndexOf(main));
  return template("trainer.py")
    .replace("my_method.py", () => file)
    .replace(/^from client import .*\n\n/m, "")
    .replace(main, () => `${protocol}${main}`);
}
