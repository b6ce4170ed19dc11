import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { unconfined } from "../../../harness/contract/isolation.js";
import { describeProgram } from "../../../harness/plugins/process-trainer.js";
import { newDirectory } from "../../files.js";
import { fixture } from "../cli/support.js";

const forks = fixture("forks.mjs");
const place = newDirectory();

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

/** The ids that the plug-in wrote: its own, and those of its children. */
async function pidsIn(file: string): Promise<number[]> {
  await vi.waitFor(() => expect(readFileSync(file, "utf8")).toMatch(/\]$/), { timeout: 600_000, interval: 20 });
  return JSON.parse(readFileSync(file, "utf8"));
}

const allEnd = (pids: number[]) =>
  vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 600_000, interval: 50 });

test.skipIf(process.platform !== "linux")(
  "children of a plug-in that ended end too, whatever they ignore",
  async () => {
    const file = join(place, "left");
    await expect(describeProgram({ words: [process.execPath, forks, file, "leave"] }, unconfined)).resolves.toEqual([]);
    const pids = await pidsIn(file);
    expect(pids).toHaveLength(3);
    await allEnd(pids);
  },
);

test.skipIf(process.platform !== "linux")(
  "nothing survives a harness that is killed, and nothing is left",
  async () => {
    const file = join(place, "killed");
    const temporary = newDirectory();
    const module = new URL("../../../dist/harness/plugins/process-trainer.js", import.meta.url).href;
    const program = JSON.stringify({ words: [process.execPath, forks, file, "stay"] });
    const harness = `(await import(${JSON.stringify(module)})).describeProgram(${program}, {})`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", harness], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: "ignore",
    });
    const pids = await pidsIn(file);
    expect(pids.filter(isAlive)).toEqual(pids);
    expect(readdirSync(temporary)).toHaveLength(1);
    child.kill("SIGKILL");
    await allEnd(pids);
    await vi.waitFor(() => expect(readdirSync(temporary)).toEqual([]), { timeout: 600_000 });
    expect(existsSync(file)).toBe(true);
  },
);
