import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { isInside } from "./paths.js";

/**
 * Shared memory of others is files in this directory. A directory there is somebody's for files in memory, such as
 * temporary ones, and as visible as others.
 */
const sharedMemory = "/dev/shm";

/** Everything is visible and nothing can be written; processes, shared memory and devices are its own or the system's. */
const base = [
  ...["--die-with-parent", "--unshare-pid", "--unshare-ipc"],
  ...["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", sharedMemory, "--proc", "/proc"],
];

let usable: boolean | undefined;

/** Whether bubblewrap is installed and the system lets it make namespaces. Tried once. */
export function hasBubblewrap(): boolean {
  usable ??=
    process.platform === "linux" &&
    spawnSync("bwrap", [...base, "true"], { stdio: "ignore", timeout: 10_000 }).status === 0;
  return usable;
}

/**
 * A command line in a mount namespace without the hidden files and directories, where only `writable` can be written.
 *
 * @param needed paths that are visible although they are inside a hidden one.
 */
export function inBubblewrap(
  words: readonly string[],
  { hidden, needed, writable }: { hidden: readonly string[]; needed: readonly string[]; writable: string },
): string[] {
  const paths = [...new Set(hidden.filter(existsSync).map((path) => realpathSync(path)))];
  const outermost = paths.filter((path) => !paths.some((other) => other !== path && isInside(path, other)));
  const inHidden = needed.filter((path) => existsSync(path) && outermost.some((other) => isInside(path, other)));
  return [
    ...["bwrap", ...base],
    ...directoriesIn(sharedMemory).flatMap((path) => ["--ro-bind-try", path, path]),
    ...outermost.flatMap((path) =>
      statSync(path).isDirectory() ? ["--tmpfs", path] : ["--ro-bind", "/dev/null", path],
    ),
    ...inHidden.flatMap((path) => ["--ro-bind", path, path]),
    ...["--bind", writable, writable, "--chdir", writable, "--", ...words],
  ];
}

const directoriesIn = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name));
