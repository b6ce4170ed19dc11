import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../../harness/run/store/store.js";
import { filesOf } from "../../../files.js";
import { writeFixtureRun } from "../../../reports/fixture/write-run.js";
import { type Kind, outcomeOf, restoring } from "../kind.js";
import { forgedLog, mutateBytes, mutateJson } from "../mutate.js";
import { openVerbs } from "../verbs.js";

const grid = { orders: 2, seeds: 1, only: ["ewc", "joint"], observed: true };

async function openRuns(place: string, digests: boolean) {
  const [pristine, other] = [join(place, "run"), join(place, "other")] as [string, string];
  writeFixtureRun(pristine, { ...grid, digests });
  writeFixtureRun(other, { ...grid, model: "other" });
  const verbs = await openVerbs(join(place, "out"), other);
  return { pristine, verbs, paths: filesOf(pristine) };
}

/** A byte of a protected run is changed: every verb refuses it, or makes of it what it made before. */
export const changedRun: Kind = {
  name: "changed run × verb",
  share: 30,
  async open(place) {
    const { pristine, verbs, paths } = await openRuns(place, true);
    const original: Record<string, string> = {};
    for (const [verb, read] of Object.entries(verbs)) {
      await read(pristine).catch(() => undefined); // a gate writes its look down once
      original[verb] = await read(pristine).catch((error) => String(error.code));
    }
    return async (draw) => {
      const path = draw.pick(paths);
      const verb = draw.pick(Object.keys(verbs));
      const file = join(pristine, path);
      return restoring(file, async (bytes) => {
        const changed = mutateBytes(bytes, draw);
        writeFileSync(file, changed);
        const outcome = await outcomeOf(
          `${verb} of a run with another ${path}`,
          () => verbs[verb]!(pristine),
          isEarlierState(path, bytes, changed) ? undefined : original[verb],
        );
        const isSaid = outcome.ending === "undetected" && readRun(pristine).notices.length > 0;
        return isSaid ? { ending: "accepted" } : outcome; // such as a torn last line, which is dropped
      });
    };
  },
};

/** A journal without its last lines is the journal of a run that was killed before it wrote them. */
const isEarlierState = (path: string, bytes: Buffer, changed: Buffer): boolean =>
  path.startsWith("journal") &&
  bytes.subarray(0, changed.length).equals(changed) &&
  (changed.length === 0 || changed.includes(10));

/** Somebody makes up a run, with digests or a journal of their own: it is refused, or read as what it says. */
export const forgedRun: Kind = {
  name: "forged run × verb",
  share: 25,
  async open(place) {
    const { pristine, verbs, paths } = await openRuns(place, false);
    const forged = join(place, "forged");
    cpSync(pristine, forged, { recursive: true });
    return async (draw) => {
      const path = draw.pick(paths);
      const verb = draw.pick(Object.keys(verbs));
      const file = join(forged, path);
      return restoring(file, (original) => {
        writeFileSync(file, forgery(path, original.toString("utf8"), draw));
        return outcomeOf(`${verb} of a run with a forged ${path}`, () => verbs[verb]!(forged));
      });
    };
  },
};

function forgery(path: string, text: string, draw: Parameters<typeof mutateJson>[1]): string {
  if (path.endsWith(".json")) return JSON.stringify(mutateJson(JSON.parse(text), draw));
  if (path.startsWith("journal")) return forgedLog(text, draw);
  const lines = text.split("\n").filter(Boolean);
  const index = draw.integer(lines.length);
  lines[index] = JSON.stringify(mutateJson(JSON.parse(lines[index]!), draw));
  return lines.join("\n");
}
