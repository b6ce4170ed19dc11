import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isAbandoned, lockRun, ownerOf, takeLock } from "../../../harness/run/store/lock.js";
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

test.runIf(process.platform === "linux")(
  "neither can one in another container, until the machine was started again",
  () => {
    const namespace = "pid:[1]";
    expect(() => lockRun(lockWith({ namespace, pid: 2 ** 22 }))).toThrow(
      locked(/in another container of this machine/),
    );
    lockRun(lockWith({ namespace, started: "some other boot:1" }))();
  },
);

test("of several processes that meet at the lock of a dead one, one at a time has it, in whatever order they are served", () => {
  const directory = newDirectory();
  const path = join(directory, "lock");
  const owners = [process.pid, process.ppid, 1].map(ownerOf); // they live
  const dead = { ...owners[0]!, started: "some other boot:1" };
  const stale = [JSON.stringify(dead), '{"pid":'];
  fc.assert(
    fc.property(
      fc.constantFrom(...stale),
      fc.option(fc.constantFrom(...stale), { nil: undefined }),
      fc.array(fc.nat({ max: 2 }), { maxLength: 60 }),
      (left, takeover, order) => {
        for (const name of readdirSync(directory)) rmSync(join(directory, name)); // of a run that failed
        writeFileSync(path, left);
        if (takeover !== undefined) writeFileSync(`${path}.takeover`, takeover);
        const all = owners.map((owner) => ({ steps: takeLock(path, owner), ended: false }));
        let holder: number | undefined;
        let taken = 0;
        const serve = (who: number): void => {
          if (holder === who) {
            rmSync(path);
            holder = undefined;
          }
          if (all[who]!.ended) return;
          try {
            if (all[who]!.steps.next().done !== true) return;
            expect(holder).toBeUndefined();
            holder = who;
            taken += 1;
          } catch (error) {
            expect(error).toEqual(locked(/works in/));
          }
          all[who]!.ended = true;
        };
        for (const who of order) serve(who);
        for (let round = 0; round < 100; round += 1) all.forEach((_, who) => void serve(who));
        expect(all.every(({ ended }) => ended)).toBe(true);
        if (holder !== undefined) serve(holder);
        expect(taken).toBeGreaterThan(0);
        expect(readdirSync(directory)).toEqual([]);
      },
    ),
    { examples: [[stale[0]!, undefined, []]] },
  );
});

test("a directory is abandoned once the process that took it is certainly dead", () => {
  expect(isAbandoned(newDirectory())).toBe(false);
  expect(isAbandoned(lockWith({}))).toBe(false);
  expect(isAbandoned(lockWith({ host: "elsewhere", started: "some other boot:1" }))).toBe(false);
  expect(isAbandoned(lockWith({ namespace: "pid:[1]", started: "some other boot:1" }))).toBe(false);
  expect(isAbandoned(lockWith({ started: "some other boot:1" }))).toBe(process.platform !== "win32");
});
