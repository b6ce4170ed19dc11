import { type ArmCells, type ClaimResult, judgeClaims } from "../../../harness/claims/judge.js";
import type { RegisteredClaim } from "../../../harness/claims/registered.js";
import { type RandomStream, random } from "../../../harness/contract/random.js";
import type { Observed } from "../../../harness/gate/pairing.js";
import { matrixOf } from "../../harness/metrics/matrix.js";
import { noise } from "../gate/noise.js";

/** Standard deviation of one order's OP, and the items behind each score. */
const spread = 0.03;
const items = 400;

/** A table of claims that one shared arm, and one more for each claim, are simulated for. */
export interface Setting {
  /** Claims of the table. */
  claims: number;
  /** Task orders at each look; the cells of a look contain those of the one before. */
  looks: readonly number[];
  kind: keyof typeof noise;
  /** By how many of `spread` each arm is truly better than the shared one; the claims say that it is better. */
  effect: number;
}

export interface Shares {
  /** Tables with any claim supported, contradicted at any look. */
  supported: number;
  contradicted: number;
  /** Claims supported at any look, of all claims. */
  power: number;
}

/** What becomes of simulated tables. All randomness is keyed, so that equal settings give equal shares. */
export function simulate(setting: Setting, tables: number): Shares {
  const shares: Shares = { supported: 0, contradicted: 0, power: 0 };
  const claims = claimsOf(setting);
  for (const arms of simulateTables(setting, tables)) {
    const results = setting.looks.map((orders) =>
      judgeClaims(claims, upTo(arms, orders), { looks: setting.looks.length }),
    );
    const has = (verdict: string) => results.flat().some((result) => result.verdict === verdict);
    if (has("supported")) shares.supported += 1 / tables;
    if (has("contradicted")) shares.contradicted += 1 / tables;
    shares.power += supportedClaims(results) / setting.claims / tables;
  }
  return shares;
}

/** The share of the same tables with any verdict, were each claim judged by itself at 5% at each look. */
export function unadjusted(setting: Setting, tables: number): number {
  let decided = 0;
  for (const arms of simulateTables(setting, tables)) {
    const alone = setting.looks.flatMap((orders) =>
      claimsOf(setting).flatMap((claim) => judgeClaims([claim], upTo(arms, orders))),
    );
    if (alone.some(({ verdict }) => verdict !== "undecided")) decided += 1;
  }
  return decided / tables;
}

const supportedClaims = (looks: readonly ClaimResult[][]): number =>
  looks[0]!.filter((_, index) => looks.some((results) => results[index]!.verdict === "supported")).length;

const claimsOf = ({ claims }: Setting) => Array.from({ length: claims }, (_, index) => claimOf(index));

const claimOf = (index: number): RegisteredClaim => ({
  ...{ id: `claim-${index}`, statement: "It is better.", source: "a simulation", alpha: 0.05 },
  hypotheses: [{ metric: "op", contrast: { [`arm-${index}`]: 1, shared: -1 }, direction: "above", threshold: 0 }],
});

type Scores = Record<string, Observed[]>;

function* simulateTables(setting: Setting, tables: number): Generator<Scores> {
  for (let table = 0; table < tables; table++) {
    yield simulateArms(setting, random({ seed: 1, stream: `claims ${JSON.stringify(setting)}`, item: table }));
  }
}

function simulateArms({ claims, looks, kind, effect }: Setting, stream: RandomStream): Scores {
  const names = ["shared", ...Array.from({ length: claims }, (_, index) => `arm-${index}`)];
  const orders = Math.max(...looks);
  const difficulty = Array.from({ length: orders }, () => spread * stream.normal());
  return Object.fromEntries(
    names.map((name) => {
      const gain = name === "shared" ? 0 : effect * spread;
      const cells = difficulty.map((shift, order) => cell(order, 0.6 + shift + gain + spread * noise[kind]!(stream)));
      return [name, cells];
    }),
  );
}

const upTo = (arms: Scores, orders: number): Record<string, ArmCells> =>
  Object.fromEntries(
    Object.entries(arms).map(([name, cells]) => [
      name,
      { cells: cells.slice(0, orders), unfinished: [], deterministic: false },
    ]),
  );

/** One task, learned to a share of right answers. */
function cell(index: number, score: number): Observed {
  const [order, seed] = [`order-${index}`, 1];
  const parts = { trainer: "simulated", order, seed, tasks: ["task"], n: [[items], [items]] };
  return { order, seed, matrix: matrixOf([[0], [score]], parts) };
}
