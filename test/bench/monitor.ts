import { firstAlert, type SimulatedVersion } from "../harness/serve/watched.js";

/**
 * Alerts about simulated versions that answer four tasks at random, 10 of 40 items of each at a look, by the usual
 * thresholds: false ones about versions that answer as they did, and how soon a fall is found.
 */
const [versions, looks, fallsAt] = [400, 500, 100];

/** Undoes the shares of looks and comparisons: 5% for each comparison at each look. */
const uncorrected = (look: number): number => (0.05 * 4) / (1 / Math.log2(look + 1) - 1 / Math.log2(look + 2));

const rightUntil = (before: number, after: number) => (task: number, look: number) =>
  task === 0 && look >= fallsAt ? after : before;

const cases: [string, Pick<SimulatedVersion, "right" | "noise">][] = [
  ["as before, 5% at each look", { right: () => 0.8, noise: uncorrected }],
  ["as before", { right: () => 0.8 }],
  ["one task 80% → 60%", { right: rightUntil(0.8, 0.6) }],
  ["one task 80% → 40%", { right: rightUntil(0.8, 0.4) }],
  ["one task 80% → 20%", { right: rightUntil(0.8, 0.2) }],
];

console.log(`${versions} versions each, ${looks} looks; falls begin at look ${fallsAt}\n`);
console.log(
  "| the version answers | alert before | alert in all | looks after the fall (median, 95%) |\n|---|---|---|---|",
);
for (const [name, watched] of cases) {
  const falls = name.includes("→");
  const found: number[] = [];
  for (let seed = 0; seed < versions; seed++) {
    const look = await firstAlert({ ...watched, seed, looks: falls ? fallsAt + 200 : looks });
    if (look !== null) found.push(look);
  }
  const percent = (count: number) => `${((100 * count) / versions).toFixed(1)}%`;
  const after = found.filter((look) => look >= fallsAt).map((look) => look - fallsAt + 1);
  after.sort((a, b) => a - b);
  const at = (share: number) => after[Math.floor(share * after.length)] ?? "–";
  const early = percent(found.filter((look) => look < fallsAt).length);
  console.log(`| ${name} | ${early} | ${percent(found.length)} | ${falls ? `${at(0.5)}, ${at(0.95)}` : "–"} |`);
}
