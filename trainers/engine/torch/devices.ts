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

/** ROCm's build of PyTorch calls its devices cuda too. */
const deviceScript = `
import json, torch
print(json.dumps([torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]))`;
