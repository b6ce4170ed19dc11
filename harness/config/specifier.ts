import { isAbsolute, resolve } from "node:path";

/** What begins a specifier that is a command line. */
export const commandPrefix = "command:";

/** Whether a text names a plug-in rather than something that a plug-in registers. */
export function looksLikeSpecifier(text: string): boolean {
  return text.startsWith(commandPrefix) || isPath(text);
}

/** An absolute path or a command stays; a relative path is resolved from `directory`; a package's name stays. */
export function absoluteSpecifier(specifier: string, directory: string): string {
  return isPath(specifier) ? resolve(directory, specifier) : specifier;
}

/** Whether a text names a file of JavaScript or TypeScript. */
export const isModule = (text: string): boolean => /\.[cm]?[jt]s$/.test(text);

/** Whether a specifier is a path rather than the name of a package. */
export const isPath = (text: string): boolean => isAbsolute(text) || /^\.{0,2}[\\/]/.test(text) || isModule(text);
