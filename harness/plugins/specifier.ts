import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { commandPrefix, isPath } from "../config/specifier.js";
import { digestOf, sha256 } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";

/**
 * Where a plug-in is found.
 * - built-in: a module of this package, named by a file URL; its trainers run in the worker's own thread.
 * - module: somebody else's file or npm package; its trainers run in a child process of Node.
 * - command: a program in any language that speaks the protocol over its standard streams.
 */
export type PluginSource =
  | { kind: "built-in"; url: string }
  | { kind: "module"; path: string }
  | { kind: "command"; words: string[] };

/**
 * Finds what a specifier names: a file URL, a path, an npm package as the working directory sees it, or
 * `command:` and the words of a command line.
 *
 * @throws PLUGIN_INVALID when there is nothing there.
 */
export function resolveSpecifier(specifier: string, directory = process.cwd()): PluginSource {
  if (specifier.startsWith("file:")) return { kind: "built-in", url: specifier };
  if (specifier.startsWith(commandPrefix)) {
    return { kind: "command", words: commandWords(specifier).map((word) => absoluteWord(word, directory)) };
  }
  const path = isPath(specifier) ? resolve(directory, specifier) : packageEntry(specifier, directory);
  if (!existsSync(path)) {
    throw new BenchError("PLUGIN_INVALID", `there is no plug-in at ${path}`, {
      fix: "Give the path of a module file, the name of an installed npm package, or `command:` and a command line.",
      at: { file: path },
    });
  }
  return { kind: "module", path };
}

/**
 * SHA-256 of the files that third-party plug-ins are made of: the module itself, or the words of a command that are
 * files. What those import in turn is not followed. Undefined where all are built in: their versions speak for them.
 */
export function codeDigest(sources: readonly PluginSource[]): string | undefined {
  const foreign = sources.filter(({ kind }) => kind !== "built-in");
  if (foreign.length === 0) return undefined;
  return digestOf(foreign.flatMap(filesOf).map((file) => sha256(readFileSync(file))));
}

function filesOf(source: PluginSource): string[] {
  if (source.kind === "built-in") return [fileURLToPath(source.url)];
  return source.kind === "module" ? [source.path] : source.words.filter((word) => isFile(word));
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/**
 * A word of a command line that names a file, or a directory by a path, in full: the command works in a directory of its
 * own. `--option=path` likewise; other words stay as they are.
 */
function absoluteWord(word: string, directory: string): string {
  const [, option = "", path = ""] = /^(--?[\w-]+=)?(.*)$/s.exec(word)!;
  const place = resolve(directory, path);
  return isFile(place) || (path.includes("/") && existsSync(place)) ? `${option}${place}` : word;
}

/** Splits a command line into words as a POSIX shell does, without expansion: blanks, quotes and backslashes. */
function commandWords(specifier: string): string[] {
  const words: string[] = [];
  const pattern = /((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)|\s+|(.)/gsy;
  for (const [, word, stray] of specifier.slice(commandPrefix.length).matchAll(pattern)) {
    if (stray !== undefined) {
      throw new BenchError("PLUGIN_INVALID", `"${specifier}" has a quote that does not end`, {
        fix: "Close the quote.",
      });
    }
    if (word !== undefined) words.push(unquote(word));
  }
  if (words.length === 0) {
    throw new BenchError("PLUGIN_INVALID", `"${specifier}" names no program`, {
      fix: "Write the command line after the colon, such as command:python3 my_trainer.py",
    });
  }
  return words;
}

const unquote = (word: string): string =>
  word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_all, escaped, double, single) =>
    escaped !== undefined ? escaped : double !== undefined ? double.replace(/\\(["\\$`])/g, "$1") : single,
  );

interface PackageManifest {
  exports?: unknown;
  main?: string;
}

/** The module that `import name` would load in `directory`: `exports` with Node's import conditions, else `main`. */
function packageEntry(name: string, directory: string): string {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const root = join(at, "node_modules", name);
    const manifest = join(root, "package.json");
    if (existsSync(manifest)) {
      const { exports, main } = JSON.parse(readFileSync(manifest, "utf8")) as PackageManifest;
      return join(root, conditionalTarget(exports) ?? main ?? "index.js");
    }
    if (dirname(at) === at) break;
  }
  throw new BenchError("PLUGIN_INVALID", `there is no package "${name}" in ${directory}`, {
    fix: `Install it there (npm install ${name}), or give a path that begins with ./`,
  });
}

function conditionalTarget(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (target === null || typeof target !== "object" || Array.isArray(target)) return undefined;
  const conditions = target as Record<string, unknown>;
  if ("." in conditions) return conditionalTarget(conditions["."]);
  for (const [condition, value] of Object.entries(conditions)) {
    if (["node", "import", "module-sync", "default"].includes(condition)) {
      const found = conditionalTarget(value);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
