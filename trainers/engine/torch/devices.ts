import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { DeviceReport } from "../../../harness/contract/engine.js";
import { toBenchError } from "../../../harness/contract/errors.js";
import { findPython, type Python } from "./python.js";

/** The devices that PyTorch finds on this machine: `cpu`, and each GPU as `cuda:<n>`, the first also as `cuda`. */
export async function probeDevices(given?: string): Promise<DeviceReport[]> {
  let python: Python;
  try {
    python = await findPython(given);
  } catch (error) {
    const { message, fix } = toBenchError(error);
    return [{ device: "cpu", available: false, detail: `${message} ${fix}` }];
  }
  const versions = Object.entries(python.packages).map(([name, version]) => `${name} ${version}`);
  const detail = `Python ${python.version}, ${versions.join(", ")}.`;
  const cpu = { device: "cpu", available: true, detail };
  const { stdout } = await promisify(execFile)(python.path, ["-c", deviceScript], { timeout: 120_000 });
  const names = JSON.parse(stdout) as string[];
  const gpus = names.map((name, index) => ({ device: `cuda:${index}`, available: true, detail: name }));
  return [cpu, ...gpus.slice(0, 1).map((first) => ({ ...first, device: "cuda" })), ...gpus];
}

/** What the processes of a child compute on. */
export interface ChildDevices {
  /** As PyTorch names it, without a number: each process takes its own among those that it sees. */
  kind: string;
  processes: number;
  /** The GPUs that they see, where they are chosen. */
  visible?: string;
}

/**
 * Of a device as an engine gets it: `cpu`, `cuda`, `cuda:<n>`, or several of one kind for one model, separated by commas.
 *
 * @param seen the GPUs that this process sees (`CUDA_VISIBLE_DEVICES`), which the numbers are places in.
 */
export function childDevices(device: string, seen = process.env.CUDA_VISIBLE_DEVICES): ChildDevices {
  const names = device.split(",");
  const [kind] = names[0]!.split(":") as [string];
  const numbers = names.flatMap((name) => (name.includes(":") ? [Number(name.split(":")[1])] : []));
  if (numbers.length === 0) return { kind, processes: names.length };
  const all = seen ? seen.split(",") : undefined;
  const visible = numbers.map((number) => all?.[number] ?? String(number)).join(",");
  return { kind, processes: names.length, visible };
}

/** ROCm's build of PyTorch calls its devices cuda too. */
const deviceScript = `
import json, torch
print(json.dumps([torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]))`;
