import { expect, test } from "vitest";
import type { EngineDefinition } from "../../../harness/contract/engine.js";
import { preparedEngine } from "../../../harness/run/plan/engine.js";
import { planDevices } from "../../../harness/run/plan/slots.js";
import { childDevices } from "../../../trainers/engine/torch/devices.js";

/** An engine that finds these devices. */
function engine(name: string, found: Record<string, string>, more: Partial<EngineDefinition> = {}): EngineDefinition {
  const reports = Object.entries({ cpu: "", ...found }).map(([device, detail]) => ({
    device,
    available: detail !== "none",
    detail,
  }));
  return { name, version: "1", numerics: name, probe: async () => reports, ...more };
}

const gpus = Object.fromEntries(["", ":0", ":1", ":2", ":3"].map((place) => [`cuda${place}`, "H100"]));
const plain = engine("plain", { webgpu: "none" });
const torch = engine("torch", gpus, { dividesModels: true });
const planned = async (device: string, devicesPerCell = 1, engines = [plain, torch]) => {
  const { engine, devices } = await planDevices({ device, devicesPerCell }, engines);
  return [engine?.name, devices.device, devices.slots];
};

test("a device is that of all cells; several are shared by them, and are not part of what they are", async () => {
  expect(await planned("cpu")).toEqual(["plain", "cpu", ["cpu"]]);
  expect(await planned("cuda:1")).toEqual(["torch", "cuda:1", ["cuda:1"]]);
  expect(await planned("cuda:0, cuda:2")).toEqual(["torch", "cuda", ["cuda:0", "cuda:2"]]);
  expect(await planned("auto")).toEqual(["torch", "cuda", ["cuda:0", "cuda:1", "cuda:2", "cuda:3"]]);
  expect(await planned("auto", 1, [plain])).toEqual(["plain", "cpu", ["cpu"]]);
});

test("a cell on several devices has an engine that divides models", async () => {
  expect(await planned("cpu", 2)).toEqual(["torch", "cpu,cpu", ["cpu,cpu"]]);
  expect(await planned("cuda", 2)).toEqual(["torch", "cuda,cuda", ["cuda,cuda"]]);
  expect(await planned("auto", 2)).toEqual(["torch", "cuda,cuda", ["cuda:0,cuda:1", "cuda:2,cuda:3"]]);
  await expect(planned("cpu", 2, [plain])).rejects.toMatchObject({ code: "CAPABILITY_MISSING" });
});

test("an engine is prepared for a device that it reports, also where a cell has several", async () => {
  const prepare: EngineDefinition["prepare"] = async ({ device, dtype }) => {
    const found = (await torch.probe()).find((report) => report.device === device)!;
    return { version: "2", numerics: `torch ${found.detail} ${dtype}` };
  };
  const prepared = { name: "torch", version: "2", numerics: "torch H100 float32" };
  for (const slot of ["cuda", "cuda:1", "cuda,cuda", "cuda:2,cuda:3"]) {
    expect(await preparedEngine({ ...torch, prepare }, { dtype: "float32" }, slot)).toEqual(prepared);
  }
  expect(await preparedEngine(plain, {}, "cpu")).toEqual({ name: "plain", version: "1", numerics: "plain" });
});

test("devices that are not there, do not divide or differ are refused by name", async () => {
  const none = { code: "DEVICE_UNAVAILABLE", message: 'the device "webgpu" is not available: none' };
  await expect(planned("webgpu")).rejects.toMatchObject(none);
  await expect(planned("cuda:0,cuda:7")).rejects.toMatchObject({
    code: "DEVICE_UNAVAILABLE",
    message: 'the device "cuda:7" is not available',
  });
  await expect(planned("webgpu,cuda:0", 1, [engine("other", { webgpu: "" }), torch])).rejects.toMatchObject({
    code: "DEVICE_UNAVAILABLE",
    message: 'no engine has all of the devices "webgpu", "cuda:0"',
  });
  const message = (text: string) => ({ code: "CONFIG_INVALID", message: expect.stringContaining(text) });
  await expect(planned("auto", 3)).rejects.toMatchObject(message("4 devices cannot be divided into cells of 3"));
  await expect(planned("cuda:0", 2)).rejects.toMatchObject(message("1 device cannot be divided"));
  await expect(planned("cuda:0,cuda:0")).rejects.toMatchObject(message("does not name different devices"));
  await expect(planned("cuda,cuda:1")).rejects.toMatchObject(message("does not name different devices"));
  const mixed = engine("torch", { "cuda:0": "H100", "cuda:1": "A100" });
  await expect(planned("auto", 1, [mixed])).rejects.toMatchObject(message("cuda:0 and cuda:1 are not the same"));
});

test("the processes of a child see the GPUs of their slot, among those that this process sees", () => {
  expect(childDevices("cpu", undefined)).toEqual({ kind: "cpu", processes: 1 });
  expect(childDevices("cpu,cpu", undefined)).toEqual({ kind: "cpu", processes: 2 });
  expect(childDevices("cuda:3", undefined)).toEqual({ kind: "cuda", processes: 1, visible: "3" });
  expect(childDevices("cuda:0,cuda:1", "4,GPU-5")).toEqual({ kind: "cuda", processes: 2, visible: "4,GPU-5" });
});
