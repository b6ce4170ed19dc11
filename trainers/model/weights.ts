import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { pathInside } from "../../harness/contract/files/foreign-path.js";
import { writeFileAtomically } from "../../harness/contract/files.js";
import { readJsonFile } from "./json-file.js";
import { type NamedTensor, readHeader, type StoredTensor, writeSafetensors } from "./safetensors.js";

const singleName = "model.safetensors";
const indexName = "model.safetensors.index.json";

/** Whether a directory contains a model's weights as safetensors, in one file or in shards. */
export function holdsWeights(directory: string): boolean {
  return existsSync(join(directory, singleName)) || existsSync(join(directory, indexName));
}

/** All tensors of a model directory by name, from the headers of its safetensors files. Throws MODEL_INVALID. */
export function findWeights(directory: string): Map<string, StoredTensor> {
  const single = join(directory, singleName);
  if (existsSync(single)) return readHeader(single);
  const index = join(directory, indexName);
  if (existsSync(index)) return readShards(directory, index);
  throw new BenchError("MODEL_INVALID", `The directory has neither ${singleName} nor ${indexName}.`, {
    at: { file: directory },
    fix: "Convert the weights to safetensors, or download them.",
  });
}

/** What files look like from outside: differs for other files, and for the same ones after a change. */
export function stateOf(files: readonly string[]): string {
  const states = files.map((file) => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    return [file, found?.size, found?.mtimeNs].join(); // no inode: not every file system has the same one each time
  });
  return states.join("|");
}

/**
 * Writes a model's weights as transformers does: one file, or shards of at most `mostBytes` with their index where they
 * take more. Files of an earlier, larger model in the same place are left alone, so use a separate directory.
 */
export function writeWeights(directory: string, tensors: readonly NamedTensor[], mostBytes = 5e9): void {
  const shards: NamedTensor[][] = [[]];
  let room = mostBytes;
  for (const tensor of tensors) {
    const { byteLength } = tensor.values;
    if (byteLength > room && shards.at(-1)!.length > 0) {
      shards.push([]);
      room = mostBytes;
    }
    shards.at(-1)!.push(tensor);
    room -= byteLength;
  }
  if (shards.length === 1) {
    writeSafetensors(join(directory, singleName), tensors);
    return;
  }
  const number = (index: number) => String(index).padStart(5, "0");
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const name = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    writeSafetensors(join(directory, name), shard);
    for (const tensor of shard) weightMap[tensor.name] = name;
  }
  const total = tensors.reduce((sum, { values }) => sum + values.byteLength, 0);
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  writeFileAtomically(join(directory, indexName), `${JSON.stringify(index, null, 2)}\n`);
}

/** The tensor of that name. Throws MODEL_INVALID if it is absent or has another shape. */
export function requireTensor(
  directory: string,
  weights: Map<string, StoredTensor>,
  name: string,
  shape: readonly number[],
): StoredTensor {
  const tensor = weights.get(name);
  if (tensor === undefined) {
    const single = join(directory, singleName);
    throw new BenchError("MODEL_INVALID", `The tensor "${name}" is missing.`, {
      at: { file: existsSync(single) ? single : join(directory, indexName) },
      fix: "Download the weights again, or correct config.json if it describes another model.",
    });
  }
  if (tensor.shape.join() !== shape.join()) {
    throw new BenchError(
      "MODEL_INVALID",
      `The tensor "${name}" has shape [${tensor.shape}]; config.json asks for [${shape}].`,
      { at: { file: tensor.file }, fix: "Take config.json and the weights from the same model." },
    );
  }
  return tensor;
}

function readShards(directory: string, index: string): Map<string, StoredTensor> {
  const map = readJsonFile(index).weight_map;
  const files = map !== null && typeof map === "object" ? Object.values(map) : [];
  if (files.length === 0 || !files.every((file) => typeof file === "string" && !file.includes("/"))) {
    throw new BenchError("MODEL_INVALID", "weight_map does not name a file in the same directory for each tensor.", {
      at: { file: index },
      fix: "Download the index again.",
    });
  }
  const headers = new Map(
    [...new Set(files)].map((file) => [file, readHeader(pathInside(directory, file, "MODEL_INVALID"))]),
  );
  const tensors = new Map<string, StoredTensor>();
  for (const [name, file] of Object.entries(map as Record<string, string>)) {
    const tensor = headers.get(file)!.get(name);
    if (tensor === undefined) {
      throw new BenchError("MODEL_INVALID", `The tensor "${name}" is not in the shard that the index names.`, {
        at: { file: join(directory, file) },
        fix: "Download the shard and the index again.",
      });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}
