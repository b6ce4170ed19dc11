import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import { loadJson, saveJson } from "../training/state.js";

const seal = "memory";

/** The digests of a memory's files. */
interface Seal {
  schema: "memory@1";
  /** File name → SHA-256. */
  files: Record<string, string>;
}

/** Writes `memory.json` with the digests of all files in a directory, as the last of them: without it nothing counts. */
export function sealDirectory(directory: string): void {
  const files = readdirSync(directory).filter((name) => name !== `${seal}.json`);
  const digests = files.sort().map((name) => [name, sha256(readFileSync(join(directory, name)))]);
  saveJson(directory, seal, { schema: "memory@1", files: Object.fromEntries(digests) } satisfies Seal);
}

/** @throws DATA_INVALID naming the file of a sealed directory that is missing, cut or changed. */
export function checkSeal(directory: string): void {
  const torn = (name: string, problem: string) =>
    new BenchError("DATA_INVALID", `the stored memory ${problem}`, {
      at: { file: join(directory, name) },
      fix: "Run the command again without this checkpoint: the memory is built anew from its documents.",
    });
  if (!existsSync(join(directory, `${seal}.json`))) throw torn(`${seal}.json`, "was not written to its end");
  for (const [name, digest] of Object.entries(readSeal(directory, torn))) {
    const path = join(directory, name);
    if (!existsSync(path)) throw torn(name, "lacks a file");
    if (sha256(readFileSync(path)) !== digest) throw torn(name, "is damaged");
  }
}

function readSeal(directory: string, torn: (name: string, problem: string) => BenchError): Seal["files"] {
  try {
    const { schema, files } = loadJson<Seal>(directory, seal);
    if (schema === "memory@1" && Object.keys(files).every((name) => /^[a-z-]+\.[a-z]+$/.test(name))) return files;
  } catch {
    // The error below says the same in words.
  }
  throw torn(`${seal}.json`, "has a list of files that cannot be read");
}
