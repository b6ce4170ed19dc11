import type { ObservationSettings } from "../../contract/config.js";
import { canonicalJson, digestOf } from "../../contract/digest.js";
import type { RunRecord, TrainerRecord } from "../../contract/result.js";
import type { Order } from "../../contract/suite.js";
import { placeOf } from "../../metrics/statistics/clusters.js";
import { areCrossed, seedsText } from "./seeds.js";

/** Changes whenever equal answers would be asked for or scored otherwise: prompts, batches, decoding, aggregation. */
export const evaluationVersion = 2;

/** What all cells of a run share and what determines their results. */
export interface CellDigestInput {
  suite: string;
  model: string;
  /** Versions of the scorers in use, by name. */
  scorers: Record<string, number>;
  numerics: string;
  device: string;
  threads: number;
  quick: boolean;
  /** Limits of answers that the model's tokens make other than the suite's; absent where there are none. */
  answerLimits?: Record<string, number>;
  /** Measurements within tasks; absent from the digest where there are none. */
  observation?: ObservationSettings;
  /** Prompts go through the model's chat template; absent from the digest where they do not. */
  chat?: true;
  /** The cell and the checkpoint that all cells go on from; absent where they start from the model. */
  source?: { cell: string; checkpoint: string };
}

/** First 16 hexadecimal digits of the digest of all that determines a cell's result, and of nothing else. */
export function cellId(digestInput: CellDigestInput, trainer: TrainerRecord, order: Order, seed: number): string {
  const { name, version, code, options } = trainer;
  return digestOf({
    evaluation: evaluationVersion,
    ...digestInput,
    trainer: { name, version, code, options },
    order: order.tasks,
    seed,
  }).slice(0, 16);
}

/**
 * The digest of a whole configuration: its cells, and the names that appear in their matrices.
 *
 * @param seeds of each order.
 */
export function configDigest(
  digestInput: CellDigestInput,
  trainers: TrainerRecord[],
  orders: Order[],
  seeds: readonly number[][],
) {
  return digestOf({
    evaluation: evaluationVersion,
    ...digestInput,
    trainers: trainers.map(({ label, name, version, code, options }) => ({ label, name, version, code, options })),
    orders,
    seeds: areCrossed(seeds) ? seeds[0] : seeds,
  });
}

/**
 * What a stored run and a planned one differ in, one phrase each, for people.
 *
 * @param mayExtend whether further orders, seeds and trainers are no difference.
 */
export function differences(stored: RunRecord, planned: RunRecord, mayExtend: boolean): string[] {
  const found: string[] = [];
  const compare = (what: string, before: unknown, now: unknown) => {
    const [left, right] = [phrase(before), phrase(now)];
    if (left !== right) found.push(`${what}: ${left} there, ${right} here`);
  };
  compare("suite", `${stored.suite.name} ${stored.suite.version}`, `${planned.suite.name} ${planned.suite.version}`);
  if (found.length === 0) compare("suite's data", short(stored.suite.digest), short(planned.suite.digest));
  if (stored.model.digest !== planned.model.digest) compare("model", modelPhrase(stored), modelPhrase(planned));
  const grows = (of: (run: RunRecord) => string[]): boolean =>
    mayExtend && of(stored).every((each) => of(planned).includes(each));
  if (!grows(orderNames)) compare("orders", orderNames(stored).join(", "), orderNames(planned).join(", "));
  if (!grows(places)) compare("seeds", seedsText(stored.cells), seedsText(planned.cells));
  if (!grows(labels)) compare("trainers", labels(stored).join(", "), labels(planned).join(", "));
  for (const trainer of planned.trainers) {
    const before = stored.trainers.find(({ label }) => label === trainer.label);
    if (before !== undefined) found.push(...trainerDifferences(before, trainer));
  }
  compare("quick", stored.quick, planned.quick);
  compare("start", startPhrase(stored), startPhrase(planned));
  compare("chat template", chatPhrase(stored), chatPhrase(planned));
  compare("measurements within tasks", stored.config.observation ?? "none", planned.config.observation ?? "none");
  compare("device", stored.environment.device, planned.environment.device);
  compare("threads", stored.environment.threads, planned.environment.threads);
  compare("numerics", stored.numerics, planned.numerics);
  return found.length > 0 ? found : ["the versions of scorers or of the evaluation"];
}

function trainerDifferences(before: TrainerRecord, now: TrainerRecord): string[] {
  const found: string[] = [];
  const compare = (what: string, left: unknown, right: unknown) => {
    if (canonicalJson(left ?? null) !== canonicalJson(right ?? null)) {
      found.push(`${what} of trainer ${now.label}: ${phrase(left)} there, ${phrase(right)} here`);
    }
  };
  compare("name", before.name, now.name);
  compare("version", before.version, now.version);
  if (before.code !== now.code) found.push(`the files of trainer ${now.label} have changed`);
  const keys = new Set([...Object.keys(before.options), ...Object.keys(now.options)]);
  for (const key of keys) compare(`option ${key}`, before.options[key], now.options[key]);
  return found;
}

const chatPhrase = ({ model }: RunRecord): string => (model.chat === true ? "used" : "not used");
const short = (digest: string): string => digest.slice(0, 12);
const phrase = (value: unknown): string => (typeof value === "string" ? value : (canonicalJson(value) ?? "nothing"));
const labels = (run: RunRecord): string[] => run.trainers.map(({ label }) => label);
const orderNames = (run: RunRecord): string[] => run.orders.map(({ name }) => name);
const places = (run: RunRecord): string[] => run.cells.map(placeOf);
const startPhrase = ({ source }: RunRecord): string =>
  source === undefined ? "the model" : `cell ${source.cell} after ${source.learned.at(-1)} (${short(source.digest)})`;
const modelPhrase = (run: RunRecord): string => `${run.model.reference} (${short(run.model.digest)})`;
