import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";

/** The interpreter that tests compare with, or run code for; PYTHON names another one. */
export const python = process.env.PYTHON ?? "python3";

/** What the interpreter can import that is not built in; it is asked once for all files of a worker. */
let packages: ReadonlySet<string> | undefined;

/** Whether the interpreter has these packages; tests without them are skipped, and that is said. */
export function hasPackages(...names: string[]): boolean {
  packages ??= importable();
  const found = names.every((name) => packages!.has(name));
  if (!found)
    console.log(`skipped: tests with ${names.join(", ")}, which ${python} lacks. PYTHON names another interpreter.`);
  return found;
}

function importable(): ReadonlySet<string> {
  const list = "import pkgutil; print(*(module.name for module in pkgutil.iter_modules()))";
  const { stdout } = spawnSync(python, ["-c", list], { cwd: tmpdir(), encoding: "utf8" });
  return new Set((stdout ?? "").split(/\s+/));
}
