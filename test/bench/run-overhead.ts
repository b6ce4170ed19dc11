import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { threadSeconds } from "../../harness/contract/thread-seconds.js";
import { loadRegistry } from "../../harness/plugins.js";
import { terminalDisplay } from "../../harness/run/display/terminal.js";
import { executeRun } from "../../harness/run/execute.js";
import { planRun } from "../../harness/run/plan/plan.js";

/**
 * How well the harness keeps its workers busy: cells a minute with one worker and with two, the share of a run that is
 * not spent in learners, and what the main thread takes. CELLS, TRAINER and FULL=1 change the work.
 */
const cells = Number(process.env.CELLS ?? 4);
const trainer = process.env.TRAINER ?? "sequential";
const directory = mkdtempSync(join(tmpdir(), "bench-overhead-"));
process.env.LEARNER_SECONDS = join(directory, "learner-seconds");

const plugins = ["./timed-trainers.js", "../../suites/index.js"].map((room) => new URL(room, import.meta.url).href);

interface Measurement {
  workers: number;
  seconds: number;
  cellsPerMinute: number;
  outsideLearners: number;
  mainThread: number | null;
}

async function measure(workers: number): Promise<Measurement> {
  writeFileSync(process.env.LEARNER_SECONDS!, "");
  const [started, cpu] = [performance.now(), threadSeconds()];
  const registry = await loadRegistry(plugins);
  const plan = await planRun(
    {
      suite: { name: "trace-seq", options: {} },
      trainers: [{ label: trainer, name: trainer, options: {} }],
      seeds: Array.from({ length: cells }, (_, seed) => seed + 1),
      orders: 1,
      workers,
      threads: 1,
      device: "cpu",
      quick: process.env.FULL === undefined,
      out: join(directory, String(workers)),
      retryFailed: false,
      keepCheckpoints: "last",
      plugins: [],
    },
    registry,
    plugins,
  );
  const { status, failures } = await executeRun(plan, { display: terminalDisplay(nowhere(), true) });
  if (status !== "done") throw new Error(`the run ended ${status}: ${failures[0]?.error.message}`);
  const seconds = (performance.now() - started) / 1000;
  const after = threadSeconds();
  const inLearners = readFileSync(process.env.LEARNER_SECONDS!, "utf8").trim().split("\n").map(Number);
  return {
    workers,
    seconds,
    cellsPerMinute: (60 * cells) / seconds,
    outsideLearners: 1 - inLearners.reduce((sum, value) => sum + value, 0) / (seconds * workers),
    mainThread: cpu === null || after === null ? null : (after - cpu) / seconds,
  };
}

/** A terminal that shows nothing, so that drawing is part of what is measured. */
function nowhere(): NodeJS.WriteStream {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  return Object.assign(stream, { isTTY: true, columns: 120, rows: 40 }) as unknown as NodeJS.WriteStream;
}

try {
  const [one, two] = [await measure(1), await measure(2)];
  for (const { workers, seconds, cellsPerMinute, outsideLearners, mainThread } of [one, two]) {
    console.log(
      `${workers} worker(s): ${cells} cells in ${seconds.toFixed(1)} s, ${cellsPerMinute.toFixed(2)} cells/min, ` +
        `${(100 * outsideLearners).toFixed(1)}% outside learners, ` +
        `main thread ${mainThread === null ? "unknown" : `${(100 * mainThread).toFixed(1)}% of a core`}`,
    );
  }
  console.log(`two workers against one: ${(two.cellsPerMinute / one.cellsPerMinute).toFixed(2)} (wanted: 1.8)`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
