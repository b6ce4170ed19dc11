import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { BenchError } from "../../../harness/contract/errors.js";
import { cacheDirectory } from "../../../harness/contract/files.js";

/** Names the interpreter where no option does. */
export const pythonVariable = "BENCH_TORCH_PYTHON";

/** What is installed. */
export const packages = { torch: "2.13.0", transformers: "5.24.0", peft: "0.21.2" } as const;
/** The least that is known to work. */
const least = { torch: "2.11", transformers: "5.17", peft: "0.21" } as const;
const leastPython = "3.10";

type Packages = Record<keyof typeof packages, string>;

/** An interpreter with the packages of this engine. */
export interface Python {
  path: string;
  version: string;
  packages: Packages;
}

/** Where `bench engine install torch` puts its virtual environment. */
export function environmentDirectory(): string {
  return join(cacheDirectory(), `torch-${packages.torch}`);
}

export function interpreterOf(environment: string): string {
  return process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

const found = new Map<string, Promise<Python>>();

/**
 * The interpreter that is given, or that of the variable, or the one that was installed.
 *
 * @throws ENGINE_UNAVAILABLE where it or a package is missing or too old, naming the command that mends it.
 */
export function findPython(given?: string): Promise<Python> {
  const path = given ?? process.env[pythonVariable] ?? interpreterOf(environmentDirectory());
  const known = found.get(path) ?? examine(path, given === undefined && process.env[pythonVariable] === undefined);
  found.set(path, known);
  known.catch(() => found.delete(path)); // it may be installed in the meantime
  return known;
}

async function examine(path: string, own: boolean): Promise<Python> {
  if (own && !existsSync(path)) {
    throw unavailable("PyTorch is not installed for bench.");
  }
  let answer: { python: string; packages: Record<keyof Packages, string | null> };
  try {
    const { stdout } = await promisify(execFile)(path, ["-c", versionScript], { timeout: 60_000 });
    answer = JSON.parse(stdout);
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw unavailable(`${path} is no Python that works: ${reason}.`, cause);
  }
  if (older(answer.python, leastPython)) {
    throw unavailable(`${path} is Python ${answer.python}; the engine needs ${leastPython} or later.`);
  }
  for (const [name, needed] of Object.entries(least)) {
    const version = answer.packages[name as keyof Packages];
    if (version === null) throw unavailable(`${path} has no ${name}.`);
    if (older(version, needed)) {
      throw unavailable(`${path} has ${name} ${version}; the engine needs ${needed} or later.`);
    }
  }
  return { path, version: answer.python, packages: answer.packages as Packages };
}

/** Versions by importlib alone: importing torch takes seconds. */
const versionScript = `
import importlib.metadata, json, platform
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
names = ${JSON.stringify(Object.keys(packages))}
print(json.dumps({"python": platform.python_version(), "packages": {name: version(name) for name in names}}))`;

function unavailable(message: string, cause?: unknown): BenchError {
  const pinned = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
  return new BenchError("ENGINE_UNAVAILABLE", message, {
    cause,
    fix: `Run \`bench engine install torch\`, or give a Python with \`pip install ${pinned.join(" ")}\` by --python <path> or ${pythonVariable}.`,
  });
}

/** Whether a version's first two numbers are less than another's. */
function older(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}
