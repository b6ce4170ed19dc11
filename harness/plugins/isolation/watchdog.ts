import { type ChildProcess, spawn } from "node:child_process";
import { workspaceVariable } from "./workspace.js";

/**
 * $0: the working directory. Reads the process group of the plug-in, waits for the end of its standard input, which
 * comes whichever way the harness ends, and then kills the group, and on Linux all that has the working directory in its
 * environment: descendants that made a session of their own. Three rounds, since a process may fork meanwhile.
 */
const script = `
trap '' HUP INT TERM
read -r group
while read -r _; do :; done
for round in 1 2 3; do
  [ -n "$group" ] && kill -9 -- "-$group" 2>/dev/null
  for file in $(grep -lsF "${workspaceVariable}=$0" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    kill -9 "\${pid%/environ}" 2>/dev/null
  done
done
rm -rf -- "$0"
`;

/**
 * A small process that outlives this one by a moment and ends a plug-in with all that it started, even if this process
 * is killed. Where there is no POSIX shell, plug-ins end by the end of their standard input alone.
 */
export class Watchdog {
  private readonly child: ChildProcess | undefined;

  /** @param workspace working directory of the plug-in; removed at the end. */
  constructor(workspace: string) {
    if (process.platform === "win32") return;
    this.child = spawn("/bin/sh", ["-c", script, workspace], {
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.child.on("error", () => {}); // no shell
    this.child.stdin!.on("error", () => {}); // it was killed: nothing is left to say it to
    this.child.unref();
    (this.child.stdin as unknown as { unref(): void }).unref();
  }

  /** Says which process group is watched over. */
  watch(group: number | undefined): void {
    this.child?.stdin?.write(`${group ?? ""}\n`);
  }

  /** Has it end what is left of the plug-in. */
  end(): void {
    this.child?.stdin?.end();
  }
}
