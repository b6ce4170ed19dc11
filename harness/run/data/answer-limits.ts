import type { TextMeasure } from "../../contract/plugin.js";
import { imagesIn, inputText, type Suite, type Task } from "../../contract/suite.js";

const leastTokens = 5;
const mostTokens = 512;
/** Up to here no reference is an outlier: short answers are labels and numbers, of which none may be cut. */
const shortAnswer = 32;
const coveredShare = 0.99;
/** Longer ones are outliers, which do not set the limit. */
const outlier = 1.5;
/** Of more references, only the longest tenth in bytes is measured: the limit depends on no others. */
const mostMeasured = 2000;

/** What an answer has beside its text: a blank before it and the end token. No token is shorter than a byte. */
const besideText = 2;

/** A suite whose inferred limits are in the tokens of a model. */
export interface MeasuredSuite {
  suite: Suite;
  /** Task → its limit where that is not what the suite says. */
  limits: Record<string, number>;
}

/**
 * Measures the references of a suite in the tokens of a model: the limits of answers that the suite inferred from bytes
 * become those that hold the references, all but outliers of 1 in 100, up to 512 tokens. What does
 * not fit its limit, inferred or declared, is noted.
 *
 * @param measure the model's own; without it a limit is an upper bound from bytes, and nothing is noted.
 */
export function measureAnswerLimits(suite: Suite, measure: TextMeasure | undefined): MeasuredSuite {
  const limits: Record<string, number> = {};
  const cut = { inferred: [] as string[], declared: [] as string[] };
  const tasks = suite.tasks.map((task) => {
    const inferred = suite.inferredLimits?.includes(task.id) === true;
    const certain = inferred ? 0 : Math.min(task.maxNewTokens, mostOf(measure));
    const lengths = referenceLengths(task, measure?.answer ?? boundFromBytes, certain);
    const limit = inferred ? limitFor(lengths, measure) : task.maxNewTokens;
    if (limit !== task.maxNewTokens) limits[task.id] = limit;
    const room = Math.min(limit, mostOf(measure));
    const longer = lengths.measured.filter((length) => length > room).length;
    if (measure !== undefined && longer > 0) {
      const atLeast = lengths.others > room ? "at least " : "";
      const excess = `${task.id} ${atLeast}${longer} of ${lengths.count} (${room} tokens)`;
      cut[inferred || limit > room ? "inferred" : "declared"].push(excess);
    }
    return limit === task.maxNewTokens ? task : { ...task, maxNewTokens: limit };
  });
  const words = "reference answers with more tokens than an answer may take";
  const notes = [
    ...(cut.inferred.length === 0 ? [] : [`${words}: ${cut.inferred.join(", ")}`]),
    ...(cut.declared.length === 0 ? [] : [`${words} by its maxNewTokens: ${cut.declared.join(", ")}`]),
  ];
  return { suite: { ...suite, tasks, ...(notes.length > 0 && { notes: [...(suite.notes ?? []), ...notes] }) }, limits };
}

/** Says how many prompts are too long for a model with their answers behind them; nothing where all fit. */
export function longPromptNotes({ tasks }: Suite, measure: TextMeasure): string[] {
  const counts = tasks.map((task) => ({ id: task.id, count: tooLongPrompts(task, measure) }));
  const long = counts.filter(({ count }) => count > 0).map(({ id, count }) => `${id} ${count}`);
  if (long.length === 0) return [];
  const words = `prompts longer than ${measure.longest} tokens with their answers, to be shortened (start and end are kept)`;
  return [`${words}: ${long.join(", ")}`];
}

/** Prompts of a task that are too long for a model with the answer behind them. */
export function tooLongPrompts({ train, validation, test, maxNewTokens }: Task, measure: TextMeasure): number {
  const room = measure.longest - Math.min(maxNewTokens + 1, mostOf(measure));
  const { image = 0 } = measure;
  return [...train, ...validation, ...test].filter(({ input }) => {
    const [text, seen] = [inputText(input), image * imagesIn(input)];
    return Buffer.byteLength(text) + seen > room && measure.prompt(text) + seen > room;
  }).length;
}

/** An answer takes at most half of the sequence. */
const mostOf = (measure: TextMeasure | undefined): number =>
  measure === undefined ? Number.POSITIVE_INFINITY : Math.floor(measure.longest / 2);

/**
 * Lengths of references, the longest first; all of them, or the longest tenth, and a bound of the others from their bytes.
 *
 * @param certain a reference that fits so many tokens by its bytes is not counted: that bound is its length.
 */
function referenceLengths({ train, validation, test }: Task, count: (text: string) => number, certain: number) {
  const references = [...train, ...validation, ...test].flatMap((example) => example.references);
  const known = new Map<string, number>();
  const bytes = references.map((text) => ({ text, bytes: Buffer.byteLength(text) }));
  bytes.sort((a, b) => b.bytes - a.bytes);
  const most = Math.max(mostMeasured, Math.ceil(bytes.length / 10));
  const measured = bytes.slice(0, most).map(({ text, bytes }) => {
    if (bytes + besideText <= certain) return bytes + besideText;
    const length = known.get(text) ?? count(text);
    known.set(text, length);
    return length;
  });
  const next = bytes[most];
  const others = next === undefined ? 0 : next.bytes + besideText;
  return { count: references.length, measured: measured.sort((a, b) => b - a), others };
}

function limitFor({ count, measured }: ReturnType<typeof referenceLengths>, measure: TextMeasure | undefined): number {
  const longest = measured[0]!;
  const covering = measured[count - Math.ceil(count * coveredShare)]!;
  const needed = longest <= Math.max(shortAnswer, outlier * covering) ? longest : covering;
  return Math.min(mostTokens, mostOf(measure), Math.max(leastTokens, needed));
}

/** No token is shorter than a byte; over longer texts they are two bytes or more, with the end token. */
function boundFromBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  return Math.min(bytes, shortAnswer + Math.ceil(bytes / 2)) + 1;
}
