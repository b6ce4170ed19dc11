import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { blessRun, gateRun } from "../../../../harness/app/gate/gate-run.js";
import { mergeLeaderboard } from "../../../../harness/app/leaderboard/merge-leaderboard.js";
import { acknowledge } from "../../../../harness/gate/acknowledge.js";
import { loadRegistry } from "../../../../harness/plugins.js";
import { publishedText } from "../../../../harness/run/store/published-run.js";
import { readRun } from "../../../../harness/run/store/store.js";
import { rooms } from "../../../../rooms.js";
import { writeFixtureRun } from "../../../reports/fixture/write-run.js";
import { type Kind, outcomeOf, restoring } from "../kind.js";
import { mutateBytes, mutateJson } from "../mutate.js";
import { context } from "../verbs.js";

/** Published runs, baselines, acknowledgments and logs of looks, changed in bytes or made up. */
export const records: Kind = {
  name: "published run, baseline",
  share: 8,
  async open(place) {
    const registry = await loadRegistry(rooms);
    const run = join(place, "run");
    writeFixtureRun(run, { orders: 2, seeds: 1, only: ["ewc"], observed: true });
    const [board, baselines] = [join(place, "board"), join(place, "baselines")] as [string, string];
    const published = join(board, "runs", "theirs.json");
    const { files: _files, ...stored } = readRun(run);
    mkdirSync(dirname(published), { recursive: true });
    writeFileSync(published, publishedText(stored));
    const { file: blessed } = blessRun(run, { name: "main", by: "attack", reason: "attack", baselines });
    const by = { by: "attack", reason: "attack", until: "9999-12-31", acknowledgedAt: "2026-01-01T00:00:00.000Z" };
    const acknowledged = acknowledge(baselines, "main", { metric: "op", margin: 0.1, ...by });
    const merge = () => mergeLeaderboard([board], { out: join(place, "merged") }, registry);
    const gate = async () => JSON.stringify(await gateRun(run, { margins: { op: 0.1 }, baselines }, context));
    const original = await gate();
    const targets = [
      { path: published, read: merge, expected: undefined },
      { path: blessed, read: gate, expected: original },
      { path: acknowledged, read: gate, expected: undefined },
    ];
    return async (draw) => {
      const { path, read, expected } = draw.pick(targets);
      return restoring(path, (text) => {
        const isForged = draw.integer(2) === 0;
        const content: object = JSON.parse(text.toString("utf8"));
        const { sha256: _seal, ...record } = content as { sha256?: string };
        const made = () => JSON.stringify(mutateJson(Array.isArray(content) ? content : record, draw));
        writeFileSync(path, isForged ? made() : mutateBytes(text, draw));
        return outcomeOf(`a changed ${path}`, read, isForged ? undefined : expected);
      });
    };
  },
};
