import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { judgeStoredRun } from "../../../harness/app/check-claims.js";
import { checkInput } from "../../../harness/app/check-input.js";
import type { AppContext } from "../../../harness/app/context.js";
import { exportRun } from "../../../harness/app/export/export-run.js";
import { blessRun, gateRun } from "../../../harness/app/gate/gate-run.js";
import { mergeLeaderboard } from "../../../harness/app/leaderboard/merge-leaderboard.js";
import { readHistory } from "../../../harness/app/read-history.js";
import { renderReport } from "../../../harness/app/render-report.js";
import { sha256 } from "../../../harness/contract/digest.js";
import { compareSides } from "../../../harness/gate/compare-sides.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { openSource } from "../../../harness/run/continuation/source.js";
import { rooms } from "../../../rooms.js";
import { filesOf } from "../../files.js";

export const context: AppContext = {
  builtIns: rooms,
  execute: () => Promise.reject(new Error("nothing is run here")),
};

/** Names and digests of all files below a directory. */
const contentsOf = (directory: string): string =>
  filesOf(directory)
    .map((path) => `${path} ${sha256(readFileSync(join(directory, path)))}\n`)
    .join("");

/** What a verb makes of a run directory, as text that is the same for the same results. */
export type Verb = (directory: string) => Promise<string>;

/**
 * The verbs that read a run.
 *
 * @param out a directory that is theirs.
 * @param other a run to compare with, and to bless as a baseline.
 */
export async function openVerbs(out: string, other: string): Promise<Record<string, Verb>> {
  const registry = await loadRegistry(rooms);
  const baselines = join(out, "baselines");
  blessRun(`${other}:ewc`, { name: "main", by: "attack", reason: "attack", baselines });
  const json = (value: unknown) => JSON.stringify(value);
  const written = (name: string, work: (place: string) => unknown) => async () => {
    const place = join(out, name);
    rmSync(place, { recursive: true, force: true });
    await work(place);
    return contentsOf(place);
  };
  return {
    async report(directory) {
      const { errors } = await renderReport(registry, directory);
      if (errors[0] !== undefined) throw errors[0];
      const made = contentsOf(join(directory, "report"));
      rmSync(join(directory, "report"), { recursive: true });
      return made;
    },
    compare: async (directory) => json(compareSides(`${other}:ewc`, `${directory}:ewc`)),
    gate: async (directory) => json(await gateRun(`${directory}:ewc`, { margins: { op: 0.1 }, baselines }, context)),
    leaderboard: (directory) => written("board", (place) => mergeLeaderboard([directory], { out: place }, registry))(),
    history: async (directory) => json(readHistory([directory], {})),
    export: (directory) =>
      written("export", async (place) => {
        for (const to of ["csv", "parquet", "mlflow", "tensorboard", "wandb"]) {
          await exportRun(directory, join(place, to), { to }, registry);
        }
      })(),
    async bless(directory) {
      const decision = { name: "other", by: "attack", reason: "attack", baselines: join(out, "blessed") };
      const { version: _version, blessedAt: _time, ...baseline } = blessRun(`${directory}:ewc`, decision).baseline;
      rmSync(decision.baselines, { recursive: true });
      return json(baseline);
    },
    validate: async (directory) => json(await checkInput(directory, { as: "run" }, context)),
    claims: async (directory) => json(await judgeStoredRun(directory, { only: undefined, plugins: [] }, context)),
    async continue(directory) {
      const { cell } = openSource(`${directory}/0000000000000000`);
      return json(cell);
    },
  };
}
