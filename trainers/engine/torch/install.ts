import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import type { InstallSettings } from "../../../harness/contract/engine.js";
import { BenchError } from "../../../harness/contract/errors.js";
import { environmentDirectory, findPython, interpreterOf, packages } from "./python.js";

/**
 * Makes a virtual environment in the cache with the packages of this engine in the versions that it is tested with.
 *
 * @throws ENGINE_UNAVAILABLE where a command fails, with its last words; nothing half-made is left.
 */
export async function installTorch({ python = "python3", index, progress }: InstallSettings): Promise<string> {
  const directory = environmentDirectory();
  const pinned = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
  const found = () => findPython(interpreterOf(directory));
  if (existsSync(directory)) {
    try {
      await found();
      return `It is there already: ${directory}`;
    } catch {
      rmSync(directory, { recursive: true }); // an earlier attempt was interrupted
    }
  }
  try {
    progress(`${python} -m venv ${directory}`);
    await run(python, ["-m", "venv", directory], progress);
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"];
    const further = index === undefined ? [] : ["--extra-index-url", index];
    progress(`pip install ${[...further, ...pinned].join(" ")}`);
    await run(interpreterOf(directory), [...pip, ...further, ...pinned], progress);
    await found();
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
  return `Installed ${pinned.join(", ")} in ${directory}`;
}

const quotedLines = 8;

/** Runs a program to its end; its output goes to `progress`. */
function run(program: string, words: readonly string[], progress: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        for (const line of text.split("\n").filter((own) => own.trim() !== "")) {
          last.push(line);
          progress(line);
        }
        last.splice(0, last.length - quotedLines);
      });
    }
    const fail = (what: string, fix: string) => reject(new BenchError("ENGINE_UNAVAILABLE", what, { fix }));
    child.on("error", (error) =>
      fail(`"${program}" cannot be started: ${error.message}`, "Give a Python of version 3.10 or later with --python."),
    );
    child.on("close", (code) => {
      if (code === 0) return resolve();
      const words = `"${program}" exited with code ${code}; its last words:\n${last.join("\n")}`;
      fail(words, "Mend what it says, then run `bench engine install torch` again.");
    });
  });
}
