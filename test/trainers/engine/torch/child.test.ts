import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { TorchChild } from "../../../../trainers/engine/torch/child.js";
import { writeTinyModel } from "../../model/tiny-model.js";
import { python, skipped } from "./python.js";

const open = (child: TorchChild, directory = writeTinyModel()) =>
  child.ask<{ model: number }>("open", { directory, device: "cpu", dtype: "float32", seed: 1 });

describe.skipIf(skipped)("the child process", () => {
  test("what is wrong with a call is its answer; the process goes on", async () => {
    const child = new TorchChild(python!, 1);
    await expect(open(child, "/nowhere")).rejects.toMatchObject({ code: "MODEL_INVALID" });
    const { model } = await open(child);
    await expect(child.ask("dot", { model, a: { id: 7 }, b: { id: 8 } })).rejects.toMatchObject({ code: "INTERNAL" });
    const failed = child.ask("dot", { model, unknown: 1 });
    await expect(failed).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: expect.stringMatching(/failed: TypeError.*its last words:\n.*unexpected keyword argument 'unknown'/s),
    });
    expect(await child.ask("meter", { model })).toEqual({ flops: 0, trainedTokens: 0 });
    child.kill();
  });

  test("a child that is killed fails what was asked of it, and all that follows", async () => {
    const child = new TorchChild(python!, 1);
    const { model } = await open(child);
    process.kill(child.pid!, "SIGKILL");
    await expect(child.ask("meter", { model })).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: expect.stringContaining("was ended by SIGKILL"),
      fix: expect.stringContaining("--retry-failed"),
    });
    expect(child.alive).toBe(false);
  });

  test.each([1, 2])("a child of %i that hangs is killed", async (processes) => {
    const child = new TorchChild(python!, 1, { processes });
    const { model } = await open(child);
    const { stdout } = spawnSync("pgrep", ["-P", String(child.pid)], { encoding: "utf8" });
    const own = stdout.split("\n").filter(Boolean).map(Number);
    process.kill(own.at(-1) ?? child.pid!, "SIGSTOP");
    await expect(child.ask("meter", { model }, 1)).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      message: expect.stringContaining("said nothing for 1 seconds"),
    });
    expect(child.alive).toBe(false);
    await child.closed;
    const states = spawnSync("ps", ["-o", "stat=", "-p", [child.pid!, ...own].join(",")], { encoding: "utf8" });
    expect(states.stdout.split("\n").filter((state) => state !== "" && !state.startsWith("Z"))).toEqual([]); // Z: dead
  });
});
