import { random } from "../../../harness/contract/random.js";
import { judge } from "../../../harness/gate/judge.js";
import { type Draw, rareFalls } from "./noise.js";
import { percent, type Table } from "./table.js";

const margin = 1;

/** How often a gate by betting has passed when it is looked at after each order from the third on. */
export function passesByBetting(draw: Draw, worstFall: number, orders: number, name: string, trials: number): number {
  const stream = random({ seed: 1, stream: name, item: orders });
  const passes = Array.from({ length: trials }, () => {
    const differences: number[] = [];
    while (differences.length < orders) {
      differences.push(Math.max(-worstFall, draw(stream)));
      if (judge(differences, { margin, least: null, worstFall }).verdict === "pass") return true;
    }
    return false;
  });
  return passes.filter(Boolean).length / trials;
}

/** The share of passes by the t bound at that many orders alone. */
export function passesByStudent(draw: Draw, orders: number, name: string, trials: number): number {
  const stream = random({ seed: 1, stream: name, item: orders });
  const passes = Array.from({ length: trials }, () => {
    const differences = Array.from({ length: orders }, () => draw(stream));
    return judge(differences, { margin, least: 0.01 }).verdict === "pass";
  });
  return passes.filter(Boolean).length / trials;
}

/** Candidates that are worse by exactly the margin of 1: mostly unharmed, now and then as deep as the worst fall. */
export function worstFallErrors(trials: number): Table {
  const counts = [3, 5, 10, 16];
  return {
    head: [
      "an order falls by F",
      "F / δ",
      ...counts.map((count) => `t, ${count} orders`),
      "betting, a look after each of 16",
    ],
    rows: [2, 3, 5, 10].flatMap((worstFall) =>
      rareFalls(worstFall, margin).map(({ share, draw }) => {
        const name = `fall ${worstFall} ${share}`;
        return [
          percent(share, 0),
          String(worstFall),
          ...counts.map((count) => percent(passesByStudent(draw, count, name, trials))),
          percent(passesByBetting(draw, worstFall, 16, name, trials)),
        ];
      }),
    ),
  };
}

/** How often an unchanged candidate with Gaussian differences has passed by so many orders; F = 2δ. */
export function worstFallPower(trials: number): Table {
  const counts = [3, 4, 5, 6, 8, 12];
  return {
    head: ["sd / δ", ...counts.map((count) => `${count} orders`)],
    rows: [0.25, 0.5, 0.75, 1].map((deviation) => [
      String(deviation),
      ...counts.map((count) =>
        percent(
          passesByBetting((stream) => stream.normal() * deviation, 2, count, `power ${deviation}`, trials),
          0,
        ),
      ),
    ]),
  };
}
