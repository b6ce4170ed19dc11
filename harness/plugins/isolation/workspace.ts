import {
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";

/** Environment variable that names the working directory of a plug-in's process, and marks its descendants as its own. */
export const workspaceVariable = "BENCH_WORKSPACE";

/**
 * The working directory of one process of a plug-in: outside the run, empty at the start, removed at the end. What is
 * saved and restored goes through it, so that no path of the run is ever passed on.
 */
export class Workspace {
  readonly root: string;

  constructor() {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), "bench-plugin-")));
    mkdirSync(this.temporary);
  }

  /** For temporary files of the plug-in. */
  get temporary(): string {
    return join(this.root, "tmp");
  }

  /** An empty directory in it. */
  empty(name: string): string {
    const directory = join(this.root, name);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    return directory;
  }

  /** The environment of this process with the working directory in the place of its own. */
  environment(): NodeJS.ProcessEnv {
    const { OLDPWD: _old, ...inherited } = process.env;
    const { root, temporary } = this;
    return {
      ...inherited,
      ...{ PWD: root, TMPDIR: temporary, TMP: temporary, TEMP: temporary },
      [workspaceVariable]: root,
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Brings all files of a directory into another, by moving them where that is asked for and possible.
 *
 * @throws PLUGIN_FAILED where something is there that is neither a file nor a directory, such as a link.
 */
export function transfer(from: string, to: string, how: "move" | "copy"): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) transfer(source, target, how);
    else if (!entry.isFile()) throw notSaved(entry.name);
    else if (how === "copy" || !moved(source, target)) copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}

function moved(source: string, target: string): boolean {
  try {
    renameSync(source, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EXDEV") return false;
    throw error;
  }
}

const notSaved = (name: string): BenchError =>
  new BenchError("PLUGIN_FAILED", `${JSON.stringify(name)} was saved, which is neither a file nor a directory`, {
    fix: "Save files and directories only: a link would name what is not saved.",
  });
