import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import { writeFileAtomically } from "../../contract/files.js";
import { mapStrings } from "../../contract/redact.js";
import type { Registry } from "../../plugins.js";
import { journalText } from "../../run/store/journal.js";
import { publicRun, publicText } from "../../run/store/published-run.js";
import { layout, readRun } from "../../run/store/store.js";
import { renderAgain } from "../render-report.js";

/** Files of a cell that a report shows or links to. */
const cellFiles = [layout.matrix, layout.cost, layout.curves, layout.samples, layout.synthetic];

/**
 * Writes `reports/<run>` of a leaderboard: the run without checkpoints and without the paths of this machine, and its
 * report in `report/`.
 *
 * @returns the run's id, the page relative to `out`, and the paths of all files.
 */
export async function writePublicReport(
  directory: string,
  out: string,
  registry: Registry,
): Promise<{ run: string; page: string; files: string[] }> {
  const stored = readRun(directory);
  const { run } = publicRun(stored);
  const place = `reports/${run.id}`;
  const target = pathInside(out, place);
  rmSync(target, { recursive: true, force: true });
  const record = `${JSON.stringify(run, null, 2)}\n`;
  const events = stored.events.map((event) => {
    const known = mapStrings(event, publicText);
    if (!(known.type === "run-started" || known.type === "run-extended") || known.files === undefined) return known;
    return { ...known, files: { ...known.files, [layout.run]: sha256(record) } };
  });
  writeFileAtomically(join(target, layout.run), record);
  writeFileAtomically(join(target, layout.journal), journalText(events));
  const paths = [layout.examples, ...run.cells.flatMap(({ id }) => cellFiles.map((path) => path(id)))];
  for (const path of paths) copyIfThere(join(directory, path), join(target, path));
  await renderAgain(registry, target);
  const files = (readdirSync(target, { recursive: true }) as string[])
    .map((name) => join(target, name))
    .filter((path) => statSync(path).isFile());
  return { run: run.id, page: `${place}/report/index.html`, files };
}

function copyIfThere(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  try {
    copyFileSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
