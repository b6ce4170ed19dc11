import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../harness/contract/files.js";
import { readSafetensors, writeSafetensors } from "../model/safetensors.js";

/** Writes named vectors of numbers as `<name>.safetensors`, bit for bit. */
export function saveVectors(directory: string, name: string, vectors: Record<string, Float32Array>): void {
  const tensors = Object.entries(vectors).map(([key, values]) => ({ name: key, shape: [values.length], values }));
  writeSafetensors(join(directory, `${name}.safetensors`), tensors);
}

/** Reads what `saveVectors` wrote. */
export function loadVectors(directory: string, name: string): Record<string, Float32Array> {
  const tensors = readSafetensors(join(directory, `${name}.safetensors`));
  return Object.fromEntries(tensors.map(({ name: key, values }) => [key, values]));
}

/** Writes a value as `<name>.json`. */
export function saveJson(directory: string, name: string, value: unknown): void {
  writeFileAtomically(join(directory, `${name}.json`), JSON.stringify(value));
}

/** Reads what `saveJson` wrote. */
export function loadJson<T>(directory: string, name: string): T {
  return JSON.parse(readFileSync(join(directory, `${name}.json`), "utf8")) as T;
}
