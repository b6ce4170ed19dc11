import { expect, test } from "vitest";
import { probeDevices, resolveDevice } from "../../../../trainers/engine/onnx/devices.js";

const reports = await probeDevices();

test("the CPU is there, and every known device is reported", () => {
  expect(reports.map(({ device }) => device)).toEqual(["cpu", "webgpu", "cuda"]);
  expect(reports[0]).toEqual({ device: "cpu", available: true, detail: "A session ran on it." });
});

test.each(["webgpu", "cuda"])("%s: either it runs or the error says what to install", async (device) => {
  const report = reports.find((entry) => entry.device === device)!;
  if (report.available) {
    expect(await resolveDevice(device)).toEqual([device, "cpu"]);
    return;
  }
  expect(report.detail.length).toBeGreaterThan(20);
  await expect(resolveDevice(device)).rejects.toMatchObject({
    code: "DEVICE_UNAVAILABLE",
    message: expect.stringContaining(device),
    fix: expect.stringMatching(device === "cuda" ? /CUDA 12.*install\.js.*--device cpu/ : /Vulkan.*--device cpu/),
  });
});

test("a device that nobody knows", async () => {
  await expect(resolveDevice("abacus")).rejects.toMatchObject({
    code: "DEVICE_UNAVAILABLE",
    fix: "Use one of: cpu, webgpu, cuda.",
  });
});
