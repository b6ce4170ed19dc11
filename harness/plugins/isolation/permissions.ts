import { dirname } from "node:path";
import { packageRoot } from "../../contract/files.js";
import { registerHooks } from "../own-package.js";
import { packageDirectories, packageOf, spellings, without } from "./paths.js";

/** Most paths that go into a command line. */
const mostPaths = 4000;

const known = process.allowedNodeEnvironmentFlags;
const flag = ["--permission", "--experimental-permission"].find((name) => known.has(name));

/** Whether this Node can keep a module from files. */
export const hasPermissions = (): boolean => flag !== undefined;

/**
 * The flags with which Node runs modules that may read their own package, the packages that they can import, this one and
 * what they need, and write in one directory. They may load native code; they may not start processes or threads.
 *
 * @param modules absolute paths.
 * @param readable further files and directories; what is hidden in them stays hidden.
 * @param needed paths that can be read although they are inside a hidden one.
 * @returns undefined where too many paths would have to be named.
 */
export function permissionFlags(
  modules: readonly string[],
  {
    hidden,
    readable,
    needed,
    writable,
  }: { hidden: readonly string[]; readable: readonly string[]; needed: readonly string[]; writable: string },
): string[] | undefined {
  const roots = [...modules.flatMap(spellings).map(packageOf), packageRoot];
  const packages = roots.flatMap(packageDirectories);
  const concealed = hidden.flatMap(spellings);
  const visible = [...roots, ...modules.map((module) => dirname(module)), ...packages, ...readable].flatMap(spellings);
  const paths = [
    ...visible.flatMap((path) => without(path, concealed)),
    ...[...modules, ...needed].flatMap(spellings),
    writable,
  ];
  const distinct = [...new Set(paths)].filter((path) => !path.includes("*"));
  if (flag === undefined || distinct.length > mostPaths) return undefined;
  return [
    ...[flag, "--no-warnings", "--allow-addons"],
    // hooks of modules run in a thread where Node has no others; the host takes threads away from plug-ins
    ...(registerHooks === undefined ? ["--allow-worker"] : []),
    ...distinct.map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${writable}`,
  ];
}
