import { rmSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../../../harness/run/store/store.js";
import { verifyRun } from "../../../../harness/run/verify-run.js";
import { configure, drive, matricesOf } from "../../../harness/run/support.js";
import { type Kind, outcomeOf } from "../kind.js";

const trainers = ["sequential", "replay"].map((name) => ({ label: name, name, options: { pause: 1 } }));

/** Runs a small grid in a process, which is killed after so many milliseconds; the exit code. */
async function runGrid(out: string, killAfter?: number): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const { code } = await drive(configure(out, { trainers }), {
    during: (child) => {
      if (killAfter !== undefined) timer = setTimeout(() => child.kill("SIGKILL"), killAfter);
    },
  });
  clearTimeout(timer);
  return code;
}

const gridOf = (directory: string): string => JSON.stringify(matricesOf(directory));

/** A run is killed at random instants and run again: it ends with the same bits, and every digest holds. */
export const kills: Kind = {
  name: "kill",
  share: 0.4,
  async open(place) {
    const whole = join(place, "whole");
    const started = performance.now();
    await runGrid(whole);
    const milliseconds = performance.now() - started;
    const expected = gridOf(whole);
    return async (draw) => {
      const out = join(place, "killed");
      const instants = Array.from({ length: 1 + draw.integer(3) }, () => draw.uniform() * milliseconds);
      for (const instant of instants) await runGrid(out, instant);
      try {
        return await outcomeOf(
          `killed after ${instants.map(Math.round).join(", ")} ms`,
          async () => {
            const code = await runGrid(out);
            if (code !== 0) throw new Error(`the run ended with exit code ${code}`);
            verifyRun(readRun(out));
            return gridOf(out);
          },
          expected,
        );
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    };
  },
};
