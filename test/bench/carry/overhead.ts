import { join } from "node:path";
import { compared, directory, engine, start } from "./grid.js";

/**
 * What the engine elsewhere adds to the grid's time by threads. Both run at the same time, so that what else the machine
 * does slows both alike: give each at most half of the processors (WORKERS). Exits with 1 where a run fails or a matrix
 * differs.
 */
async function secondsOf(out: string, ...words: string[]): Promise<number> {
  const began = performance.now();
  if ((await start(out, ...words).ended) !== 0) throw new Error(`the run in ${out} failed`);
  return (performance.now() - began) / 1000;
}

const [local, remote] = [join(directory, "here"), join(directory, "there")];
const [here, there] = await Promise.all([secondsOf(local), secondsOf(remote, "--on", engine)]);
const { cells, differing } = compared(local, remote);
const added = there - here;
const result = { on: engine, cells, differing, here, there, share: added / here, secondsPerCell: added / cells };
console.log(JSON.stringify({ ...result, directory }));
process.exitCode = differing === 0 ? 0 : 1;
