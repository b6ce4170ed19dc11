import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";

/** The interpreter that tests compare with, or run code for; PYTHON names another one. */
export const python = process.env.PYTHON ?? "python3";

/** Whether the interpreter has these packages; tests without them are skipped, and that is said. */
export function hasPackages(...names: string[]): boolean {
  const find = "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))";
  const found = spawnSync(python, ["-c", find, ...names], { cwd: tmpdir() }).status === 0;
  if (!found)
    console.log(`skipped: tests with ${names.join(", ")}, which ${python} lacks. PYTHON names another interpreter.`);
  return found;
}
