import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killUnderLoad } from "../harness/serve/reliability/kills.js";

/**
 * Random kills of a server, a proxy and a controller of rollouts under load, with clients that check every answer. KILLS and SEED
 * change how many and which. Exits with 1 where something is wrong.
 */
const [kills, seed] = [Number(process.env.KILLS ?? 200), Number(process.env.SEED ?? 1)];
const directory = mkdtempSync(join(tmpdir(), "bench-kills-"));
const report = await killUnderLoad(directory, { kills, seed, clients: 3 }, (line) => console.log(line));
console.log(JSON.stringify(report, null, 2));
process.exitCode = report.wrong.length === 0 ? 0 : 1;
if (report.wrong.length === 0) rmSync(directory, { recursive: true, force: true });
else console.log(`kept: ${directory}`);
