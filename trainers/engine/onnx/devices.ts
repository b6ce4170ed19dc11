import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { listSupportedBackends } from "onnxruntime-node";
import type { DeviceReport } from "../../../harness/contract/engine.js";
import { BenchError } from "../../../harness/contract/errors.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { encode } from "./graph/encode.js";
import { Graph } from "./graph/graph.js";
import { add } from "./graph/operators/index.js";

/** What a device needs besides this package. The CUDA libraries are too large for the npm registry. */
const requirements: Record<string, string> = {
  cpu: "Nothing besides this package.",
  webgpu:
    "WebGPU needs a GPU with its driver: Vulkan on Linux (libvulkan1 and the vendor's driver; software renderers " +
    "are refused), Direct3D 12 on Windows, Metal on macOS.",
  cuda:
    "CUDA needs Linux on x64, an NVIDIA driver, CUDA 12 and cuDNN 9, and ONNX Runtime's CUDA libraries, which this " +
    "command downloads from api.nuget.org: " +
    "ONNXRUNTIME_NODE_INSTALL=true node node_modules/onnxruntime-node/script/install.js",
};

/**
 * The execution providers of a device, in order of preference, after a session ran on it. Operators that a provider
 * lacks run on the CPU. Throws DEVICE_UNAVAILABLE, saying what to install; never falls back to another device.
 */
export async function resolveDevice(device: string): Promise<string[]> {
  const needs = requirements[device];
  if (needs === undefined) {
    throw new BenchError("DEVICE_UNAVAILABLE", `There is no device named "${device}".`, {
      fix: `Use one of: ${Object.keys(requirements).join(", ")}.`,
    });
  }
  if (device === "cpu") return ["cpu"];
  const defect = await findDefect(device);
  if (defect === null) return [device, "cpu"];
  throw new BenchError("DEVICE_UNAVAILABLE", `The device "${device}" is not available: ${defect}`, {
    fix: `${needs} Or use --device cpu.`,
  });
}

/** What this machine has of every known device. */
export function probeDevices(): Promise<DeviceReport[]> {
  return Promise.all(
    Object.entries(requirements).map(async ([device, needs]) => {
      const defect = await findDefect(device);
      const detail = defect === null ? "A session ran on it." : `${defect} ${needs}`;
      return { device, available: defect === null, detail };
    }),
  );
}

/**
 * Runs one addition on the device and returns why it failed, or null. This happens in a child process: a provider
 * may crash, hang, or write to the terminal.
 */
async function findDefect(device: string): Promise<string | null> {
  if (!listSupportedBackends().some(({ name }) => name === device)) {
    return `ONNX Runtime has no ${device} for ${process.platform} ${process.arch}.`;
  }
  const script = ["--input-type=module", "--eval", probeScript, device, additionModel()];
  try {
    await promisify(execFile)(process.execPath, script, { cwd: packageRoot, timeout: 60_000 });
    return null;
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string };
    const reason = stdout?.trim() || message.split("\n")[0]!;
    return reason.replace(/\.?$/, ".");
  }
}

const probeScript = `
import { InferenceSession, Tensor } from "onnxruntime-node";
const [device, model] = process.argv.slice(1);
try {
  const session = await InferenceSession.create(Buffer.from(model, "base64"), { executionProviders: [device] });
  const { y } = await session.run({ x: new Tensor("float32", [1, 2], [2]) }, ["y"]);
  if (y.data[1] !== 4) throw new Error("The device computes 2 + 2 = " + y.data[1] + ".");
} catch (error) {
  console.log(error.message.trim().split("\\n").pop().split(" was false. ").pop());
  process.exit(1);
}`;

/** y = x + x for two numbers, as an ONNX model in base64. */
function additionModel(): string {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  graph.output("y", add(x, x));
  return Buffer.from(encode(graph)).toString("base64");
}
