import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { writeFileAtomically } from "../../harness/contract/files.js";
import type { AdapterOptions } from "../engine/contract.js";
import { checkTriplets, packTriplets, unpackTriplets } from "./adalora-files.js";
import { readJsonFile } from "./json-file.js";
import { type NamedTensor, readFinite, readHeader, readMetadata, writeSafetensors } from "./safetensors.js";
import { isUp } from "./stacked-adapter.js";
import { languageName, plainName } from "./vision/llava.js";
import { tower } from "./vision/vision-config.js";

/** In the directory of the adapter's weights; its presence marks an adapter. */
export const configName = "adapter_config.json";
export const weightsName = "adapter_model.safetensors";

/** Of an adapter: that of the widest layers of the largest models. */
const largestRank = 65_536;

/** PEFT wraps a model twice, so its tensors' names begin with this. */
const prefix = "base_model.model.";

/** Keys in the metadata of an adapter's weights: the base model's digest, and how many ranks are not of the last training. */
const baseDigest = "bench_base_digest";
const inheritedRank = "bench_inherited_rank";

/** The model that an adapter was trained on. */
export interface AdapterBase {
  /** Null where no files have its weights. */
  directory: string | null;
  /** SHA-256 as `digestModel` gives it; absent where it is not known. */
  digest?: string;
  /** Of the adapter's ranks, the first ones that were there before it was trained: those of a model that was an adapter on this base. */
  inherited?: number;
  /** Whether it is the language model of a LLaVA model: its tower, whose modules have the same names, is not adapted. */
  sees?: boolean;
}

/** The base that an adapter names: its path or Hub id as PEFT has it; its digest and the inherited ranks where bench saved it. */
export function baseOf(directory: string): { name: string | null; digest: string | null; inherited: number } {
  const { base_model_name_or_path: name } = readJsonFile(join(directory, configName));
  const { [baseDigest]: digest = null, [inheritedRank]: inherited = 0 } = readMetadata(join(directory, weightsName));
  return { name: typeof name === "string" && name !== "" ? name : null, digest, inherited: Number(inherited) };
}

/** What the metadata of a file of weights says of the base. */
export const digestMetadata = (base: AdapterBase | null): Record<string, string> =>
  base?.digest === undefined ? {} : { [baseDigest]: base.digest };

/** Whether a directory contains an adapter in PEFT's format. */
export function holdsAdapter(directory: string): boolean {
  return existsSync(join(directory, configName));
}

/**
 * Writes an adapter as PEFT does: `adapter_config.json` and `adapter_model.safetensors`.
 * Tensors are named after their module, such as `model.layers.0.self_attn.q_proj.lora_A.weight`, A of shape
 * [rank, in] and B of shape [out, rank]; for AdaLoRA on disk as `packTriplets` says. The base is named as PEFT does, and
 * its digest is kept among the metadata of the weights' file.
 */
export function saveAdapter(
  directory: string,
  options: AdapterOptions,
  given: readonly NamedTensor[],
  base: AdapterBase | null = null,
): void {
  const { keys, tensors } = options.kind === "adalora" ? packTriplets(options, given) : { keys: {}, tensors: given };
  const config = {
    peft_type: options.kind === "adalora" ? "ADALORA" : "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: base?.directory ?? null,
    r: options.rank,
    lora_alpha: options.alpha,
    lora_dropout: options.dropout,
    target_modules: options.targetModules,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    ...(base?.sees === true && { exclude_modules: `.*${tower}.*` }),
    ...keys,
  };
  writeSafetensors(
    join(directory, weightsName),
    tensors.map((tensor) => ({ ...tensor, name: prefix + (base?.sees ? languageName(tensor.name) : tensor.name) })),
    {
      ...digestMetadata(base),
      ...(base?.inherited && { [inheritedRank]: String(base.inherited) }),
    },
  );
  writeFileAtomically(join(directory, configName), `${JSON.stringify(config, null, 2)}\n`);
}

/** Reads what `saveAdapter` or PEFT wrote. Throws MODEL_INVALID on variants of LoRA that are not plain. */
export function openAdapter(directory: string): { options: AdapterOptions; tensors: NamedTensor[] } {
  const file = join(directory, configName);
  const config = readJsonFile(file);
  refuseVariants(file, config);
  const adaptive = config.peft_type === "ADALORA";
  const { lora_alpha: alpha, lora_dropout: dropout, target_modules: targets } = config;
  const rank = adaptive ? config.init_r : config.r;
  const isRank = Number.isInteger(rank) && (rank as number) >= 1 && (rank as number) <= largestRank;
  const areFinite = [alpha, dropout ?? 0].every((value) => Number.isFinite(value));
  const plain = Array.isArray(targets) && targets.every((name) => typeof name === "string");
  if (!isRank || !areFinite || !plain) {
    throw new BenchError("MODEL_INVALID", "r, lora_alpha, lora_dropout or target_modules is absent or malformed.", {
      at: { file },
      fix: `Save the adapter again with PEFT: a rank of 1 to ${largestRank}, target_modules as a list of names.`,
    });
  }
  const weights = join(directory, weightsName);
  const stored = [...readFinite(readHeader(weights))];
  const tensors = stored.map((tensor) => ({ ...tensor, name: plainName(tensor.name.replace(prefix, "")) }));
  const options = {
    rank: rank as number,
    alpha: alpha as number,
    dropout: (dropout ?? 0) as number,
    targetModules: targets as string[],
  };
  if (!adaptive) {
    const other = tensors.find(({ name, shape }) => shape[isUp(name) ? 1 : 0] !== options.rank);
    if (other === undefined) return { options, tensors };
    throw new BenchError(
      "MODEL_INVALID",
      `The tensor "${other.name}" has shape [${other.shape}]; r is ${options.rank}.`,
      {
        at: { file: weights },
        fix: "Take the configuration and the weights from the same adapter.",
      },
    );
  }
  const pattern = config.rank_pattern ?? null;
  checkTriplets(file, options.rank, pattern, tensors);
  return {
    options: { kind: "adalora", ...options, targetRank: config.target_r as number },
    tensors: unpackTriplets(options.rank, pattern, tensors),
  };
}

/** Keys that say nothing of the function, or are read elsewhere. */
const harmless = new Set([
  ...[
    "peft_type",
    "task_type",
    "base_model_name_or_path",
    "revision",
    "inference_mode",
    "auto_mapping",
    "peft_version",
  ],
  ...[
    "r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
    "exclude_modules",
    "layers_pattern",
    "megatron_core",
    "qalora_group_size",
  ],
  ...["runtime_config", "ensure_weight_tying", "eva_config", "corda_config", "loftq_config"],
]);
/** How AdaLoRA came to its ranks; only the ranks count. */
const adaptiveKeys = ["target_r", "init_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight"];
const adaptiveOnly = new Set([...adaptiveKeys, "total_step", "rank_pattern"]);
/** Initializations that leave the base model as it is; others, such as pissa and olora, change it. */
const plainStarts = new Set<unknown>([undefined, true, false, "gaussian", "orthogonal"]);

/** Refuses by name every key that is set and not understood: it could change the function that is computed. */
function refuseVariants(file: string, config: Record<string, unknown>): void {
  const type = config.peft_type;
  const set = (value: unknown) =>
    value != null && value !== false && (typeof value !== "object" || Object.keys(value).length > 0);
  const known = (key: string, value: unknown): boolean => {
    if (key === "init_lora_weights") return plainStarts.has(value);
    if (key === "bias") return value === "none";
    return harmless.has(key) || (type === "ADALORA" && adaptiveOnly.has(key));
  };
  const found =
    type !== "LORA" && type !== "ADALORA"
      ? (["peft_type", type] as const)
      : Object.entries(config).find(([key, value]) => set(value) && !known(key, value));
  if (found === undefined) return;
  const [key, value] = found;
  throw new BenchError(
    "MODEL_INVALID",
    `The adapter uses ${key} (${JSON.stringify(value)}), which bench does not read.`,
    {
      at: { file },
      fix: "Merge the adapter into its base with PEFT, or train it as plain LoRA.",
    },
  );
}
