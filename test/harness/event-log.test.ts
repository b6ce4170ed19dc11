import { appendFileSync, copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RegistryEvent } from "../../harness/contract/registry.js";
import { EventLog } from "../../harness/registry/event-log.js";
import { newDirectory } from "../files.js";

interface State {
  reasons: string[];
}

/** A log of deletions, with how many events its states were made of; its states change in place. */
function openLog(file: string) {
  const counted = { followed: 0 };
  const log = new EventLog<State, RegistryEvent>(file, {
    schema: "registry-event",
    initial: () => ({ reasons: [] }),
    follow(state, event) {
      counted.followed += 1;
      if (event.type !== "version-deleted" || event.reason === "refused") throw new Error("it cannot follow");
      state.reasons.push(event.reason);
      return state;
    },
  });
  return { log, counted };
}

const deletion = (reason: string): RegistryEvent => ({
  ...{ type: "version-deleted", name: "m", version: 1, at: "", by: "", reason },
});

const fresh = (file: string): string[] => openLog(file).log.read().reasons;

test("a change and a reading cost as many events as were added since, by whom ever", async () => {
  const file = join(newDirectory(), "log.jsonl");
  const [one, other] = [openLog(file), openLog(file)];
  await one.log.change(() => Array.from({ length: 50 }, (_, index) => deletion(`${index}`)));
  await other.log.change(() => [deletion("50")]);
  expect(other.counted.followed).toBe(51);
  await one.log.change(() => [deletion("51")]);
  expect(one.counted.followed).toBe(52);
  expect(other.log.read().reasons).toEqual(Array.from({ length: 52 }, (_, index) => `${index}`));
  expect(other.counted.followed).toBe(52);
  other.log.read();
  expect(other.counted.followed).toBe(52);
});

type Step = { do: "change" | "read" | "refuse" | "tear" | "cut" | "replace" | "restore"; by: 0 | 1; at: number };

test("whatever becomes of the file, two that keep their states read what a new reader reads (a law)", async () => {
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom("change", "change", "read", "refuse", "tear", "cut", "replace", "restore"),
    by: fc.constantFrom(0, 1),
    at: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const file = join(newDirectory(), "log.jsonl");
      const writers = [openLog(file).log, openLog(file).log];
      await writers[0]!.change(() => [deletion("first")]);
      copyFileSync(file, `${file}.copy`);
      for (const [index, { do: what, by, at }] of steps.entries()) {
        const log = writers[by]!;
        const bytes = readFileSync(file);
        if (what === "change") await log.change(() => [deletion(`${index}`), deletion(`${index}`)]);
        if (what === "read") expect(log.read().reasons).toEqual(fresh(file));
        if (what === "refuse") {
          await expect(log.change(() => [deletion("half"), deletion("refused")])).rejects.toThrow("cannot follow");
          expect(readFileSync(file).equals(bytes.subarray(0, bytes.lastIndexOf(10) + 1))).toBe(true);
        }
        if (what === "tear") appendFileSync(file, '{"sequence":');
        if (what === "cut") truncateSync(file, at % (bytes.length + 1)); // also within the events that both know
        if (what === "restore") writeFileSync(file, readFileSync(`${file}.copy`)); // the same inode, cut to its beginning
        if (what === "replace") {
          copyFileSync(`${file}.copy`, `${file}.new`);
          renameSync(`${file}.new`, file);
        }
        expect(log.read().reasons).toEqual(fresh(file));
      }
      for (const log of writers) expect(log.read().reasons).toEqual(fresh(file));
    }),
    { numRuns: 25 },
  );
});
