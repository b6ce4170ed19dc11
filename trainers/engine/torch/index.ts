import type { Architecture } from "../../model/architecture.js";
import { allCapabilities } from "../capabilities.js";
import type { Engine } from "../contract.js";
import { probeDevices } from "./devices.js";
import { installTorch } from "./install.js";
import { findPython, packages } from "./python.js";

/** Model formats that it reads. */
const formats = ["llama", "lora-adapter", "transformers"];

/** Part of every cell's digest, before the versions of what computes. */
const numerics = "torch@5";

/**
 * Training and inference on PyTorch, transformers and PEFT, in a child process.
 *
 * @param architectures those whose adapters a format opens.
 */
export const torchEngine = (architectures: readonly Architecture[]): Engine => ({
  name: "torch",
  version: packages.torch,
  numerics,
  startsProcesses: true,
  dividesModels: true,
  dtypes: ["float32", "bfloat16"],
  async prepare({ device, dtype = "float32", python }) {
    const found = await findPython(python);
    const versions = Object.entries(found.packages).map(([name, version]) => `${name}-${version}`);
    const where = device === "cpu" ? [] : [(await probeDevices(python)).find((own) => own.device === device)!.detail];
    return { version: found.packages.torch, numerics: [numerics, ...versions, ...where, dtype].join(" ") };
  },
  install: installTorch,
  probe: probeDevices,
  capabilities: ({ format }) => (formats.includes(format) ? allCapabilities : undefined),
  open: async (...given) => (await import("./open.js")).openTorchModel(...given, architectures),
});
