import { random } from "../../../harness/contract/random.js";
import { readEntries } from "../../../harness/gate/entry.js";
import { judge } from "../../../harness/gate/judge.js";
import { metricMeasures } from "../../../harness/gate/measures.js";
import { mean } from "../../../harness/metrics/definition.js";
import { groupBy } from "../../../harness/metrics/statistics/clusters.js";
import { standardDeviation } from "../../../harness/metrics/statistics/statistics.js";
import { percent, type Table } from "./table.js";

/**
 * 2,000 gates resampled from real cells, of a run with at least 12 orders × 2 seeds:
 *
 *     bench run trace-seq --quick --trainers replay --orders 12 --seeds 2 --out runs/gate-proof
 *
 * In each gate some orders are drawn without replacement; in each order one seed stands for the baseline and the other
 * for the unchanged candidate, at random, so that the true difference is 0 and all noise is the run's own. A regression
 * of known size is planted by subtracting it from the candidate. Sizes and margins are in standard deviations of the
 * differences between seeds, over all orders.
 */
const gates = 2000;
const leastOrders = 12;
const metricKeys = ["op", "bwt", "learningAccuracy"];

interface Setting {
  orders: number;
  margin: number;
  /** How much worse the candidate truly is. */
  regression: number;
  promise: string;
}

const settings: Setting[] = [
  { orders: 5, margin: 2, regression: 0, promise: "PASS ≥ 80%, FAIL ≤ 5%" },
  { orders: 8, margin: 1, regression: 0, promise: "PASS ≥ 80%, FAIL ≤ 5%" },
  { orders: 5, margin: 2, regression: 2, promise: "PASS ≤ 5% (worse by exactly the margin)" },
  { orders: 5, margin: 2, regression: 3.5, promise: "FAIL ≥ 80% (1.5 beyond the margin)" },
  { orders: 4, margin: 2, regression: 4, promise: "FAIL ≥ 80% (2 beyond the margin)" },
  { orders: 8, margin: 1, regression: 2, promise: "FAIL ≥ 80% (1 beyond the margin)" },
];

/** The difference between the two seeds of each order, second − first. */
function seedDifferences(directory: string, metric: string): number[] {
  const [entry] = readEntries(directory);
  const measure = metricMeasures().find(({ key }) => key === metric)!;
  const orders = [...groupBy(entry!.cells, ({ order }) => order).values()].filter((cells) => cells.length >= 2);
  if (orders.length < leastOrders) throw new Error(`${orders.length} orders with two seeds, ${leastOrders} are needed`);
  return orders.map(
    ([first, second]) => measure.compute(second!.matrix).value! - measure.compute(first!.matrix).value!,
  );
}

/** Shares of the verdicts of the resampled gates. */
function resample(differences: readonly number[], metric: string, setting: Setting) {
  // the sign of a difference is a toss: over all tosses its mean is 0 and its spread the root mean square
  const deviation = Math.sqrt(mean(differences.map((difference) => difference ** 2)));
  const shares = { pass: 0, fail: 0, inconclusive: 0 };
  for (let gate = 0; gate < gates; gate++) {
    const stream = random({ seed: 1, stream: `gate-proof ${JSON.stringify(setting)}`, task: metric, item: gate });
    const sample = stream
      .sample(differences, setting.orders)
      .map((difference) => difference * stream.pick([-1, 1]) - setting.regression * deviation);
    shares[judge(sample, { margin: setting.margin * deviation, least: null }).verdict] += 1 / gates;
  }
  return { deviation, ...shares };
}

/** Tables for each metric, under a line that says how much the cells vary. */
export function realCells(directory: string): { title: string; table: Table }[] {
  return metricKeys.map((metric) => {
    const differences = seedDifferences(directory, metric);
    const { deviation } = resample(differences, metric, settings[0]!);
    const spread = `${deviation.toFixed(4)} (${standardDeviation(differences).toFixed(4)} about their mean of ${mean(differences).toFixed(4)})`;
    const rows = settings.map((setting) => {
      const { pass, fail, inconclusive } = resample(differences, metric, setting);
      const numbers = [setting.orders, setting.margin, setting.regression].map(String);
      return [...numbers, percent(pass), percent(fail), percent(inconclusive), setting.promise];
    });
    return {
      title: `${metric}: ${differences.length} orders × 2 seeds; differences between seeds have a standard deviation of ${spread}`,
      table: {
        head: ["orders", "margin, SD", "true regression, SD", "PASS", "FAIL", "INCONCLUSIVE", "promised"],
        rows,
      },
    };
  });
}
