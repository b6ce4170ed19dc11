import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockRun } from "../../../harness/run/store/lock.js";
import { newDirectory } from "../../files.js";

const locked = (message: RegExp) =>
  expect.objectContaining({ code: "RUN_LOCKED", message: expect.stringMatching(message) });

function lockWith(changes: object): string {
  const directory = newDirectory();
  const path = join(directory, "lock");
  const unlock = lockRun(directory);
  const owner = JSON.parse(readFileSync(path, "utf8"));
  unlock();
  writeFileSync(path, JSON.stringify({ ...owner, ...changes }));
  return directory;
}

test("a directory belongs to one live process until it gives it back", () => {
  const directory = newDirectory();
  const unlock = lockRun(directory);
  expect(() => lockRun(directory)).toThrow(locked(new RegExp(`process ${process.pid} works in`)));
  unlock();
  expect(existsSync(join(directory, "lock"))).toBe(false);
  lockRun(directory)();
});

test("the lock of a dead process is taken over", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.on("exit", resolve));
  const directory = lockWith({ pid: child.pid });
  lockRun(directory)();
});

test.runIf(process.platform !== "win32")("a later process with the same number is not the owner", () => {
  const directory = lockWith({ started: "some other boot:1" });
  lockRun(directory)();
});

test("a lock that its owner did not live to write is taken over", () => {
  const directory = newDirectory();
  writeFileSync(join(directory, "lock"), '{"pid":');
  lockRun(directory)();
});

test("a process on another machine cannot be seen, so its lock is respected", () => {
  const directory = lockWith({ host: "elsewhere" });
  expect(() => lockRun(directory)).toThrow(locked(/on elsewhere/));
});
