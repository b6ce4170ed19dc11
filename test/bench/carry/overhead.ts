import { join } from "node:path";
import { compared, directory, engine, start } from "./grid.js";

/**
 * What the engine elsewhere adds to the grid's time by threads: both run in turn, ROUNDS times, every other round in the
 * opposite order. Exits with 1 where a run fails or a matrix differs.
 */
const rounds = Number(process.env.ROUNDS ?? 2);

async function secondsOf(out: string, ...words: string[]): Promise<number> {
  const began = performance.now();
  if ((await start(out, ...words).ended) !== 0) throw new Error(`the run in ${out} failed`);
  return (performance.now() - began) / 1000;
}

const total = { here: 0, there: 0 };
let cells = 0;
for (let round = 0; round < rounds; round += 1) {
  const [here, there] = [join(directory, `here-${round}`), join(directory, `there-${round}`)];
  const local = async () => ({ here: await secondsOf(here) });
  const remote = async () => ({ there: await secondsOf(there, "--on", engine) });
  const turns = round % 2 === 0 ? [local, remote] : [remote, local];
  const seconds = { here: 0, there: 0 };
  for (const turn of turns) Object.assign(seconds, await turn());
  const comparison = compared(here, there);
  console.log(JSON.stringify({ round, ...seconds, ...comparison }));
  if (comparison.differing > 0) process.exitCode = 1;
  cells += comparison.cells;
  total.here += seconds.here;
  total.there += seconds.there;
}
const added = total.there - total.here;
console.log(JSON.stringify({ on: engine, share: added / total.here, secondsPerCell: added / cells, directory }));
