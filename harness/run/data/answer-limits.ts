import type { TextMeasure } from "../../contract/plugin.js";
import type { Suite, Task } from "../../contract/suite.js";

const leastTokens = 5;
const mostTokens = 512;
/** Up to here the limit leaves room for every reference: short answers are labels and numbers, of which none may be cut. */
const shortAnswer = 32;
const coveredShare = 0.99;
/** Of more references, only the longest tenth in bytes is measured: the limit depends on no others. */
const mostMeasured = 2000;

/** A suite whose inferred limits are in the tokens of a model. */
export interface MeasuredSuite {
  suite: Suite;
  /** Task → its limit where that is not what the suite says. */
  limits: Record<string, number>;
}

/**
 * Measures the references of a suite in the tokens of a model: the limits of answers that the suite inferred from bytes
 * become those that hold the references, all of them where they are short, else 99 of 100, up to 512 tokens. What does
 * not fit its limit, inferred or declared, is noted.
 *
 * @param measure the model's own; without it a limit is an upper bound from bytes, and nothing is noted.
 */
export function measureAnswerLimits(suite: Suite, measure: TextMeasure | undefined): MeasuredSuite {
  const limits: Record<string, number> = {};
  const notes: string[] = [];
  const tasks = suite.tasks.map((task) => {
    const lengths = referenceLengths(task, measure?.answer ?? boundFromBytes);
    const inferred = suite.inferredLimits?.includes(task.id) === true;
    const limit = inferred ? limitFor(lengths, measure) : task.maxNewTokens;
    if (limit !== task.maxNewTokens) limits[task.id] = limit;
    const room = Math.min(limit, mostOf(measure));
    const cut = lengths.measured.filter((length) => length > room).length;
    if (measure !== undefined && cut > 0) {
      const how = inferred || limit > room ? "" : "; a larger maxNewTokens gives them room";
      notes.push(
        `${task.id}: reference answers longer than the ${room} tokens that an answer may take: ${cut} of ${lengths.count}${how}`,
      );
    }
    return limit === task.maxNewTokens ? task : { ...task, maxNewTokens: limit };
  });
  return {
    suite: notes.length === 0 ? { ...suite, tasks } : { ...suite, tasks, notes: [...(suite.notes ?? []), ...notes] },
    limits,
  };
}

/** Prompts of a task that are too long for a model with the answer behind them. */
export function tooLongPrompts({ train, validation, test, maxNewTokens }: Task, measure: TextMeasure): number {
  const room = measure.longest - Math.min(maxNewTokens + 1, mostOf(measure));
  const texts = [...train, ...validation, ...test].map(({ input }) =>
    input.map((part) => (part.type === "text" ? part.text : "")).join(""),
  );
  return texts.filter((text) => Buffer.byteLength(text) > room && measure.prompt(text) > room).length;
}

/** An answer takes at most half of the sequence. */
const mostOf = (measure: TextMeasure | undefined): number =>
  measure === undefined ? Number.POSITIVE_INFINITY : Math.floor(measure.longest / 2);

/** Lengths of references, the longest first; all of them, or the longest tenth. */
function referenceLengths({ train, validation, test }: Task, count: (text: string) => number) {
  const references = [...train, ...validation, ...test].flatMap((example) => example.references);
  const known = new Map<string, number>();
  const bytes = references.map((text) => ({ text, bytes: Buffer.byteLength(text) }));
  bytes.sort((a, b) => b.bytes - a.bytes);
  const measured = bytes.slice(0, Math.max(mostMeasured, Math.ceil(bytes.length / 10))).map(({ text }) => {
    const length = known.get(text) ?? count(text);
    known.set(text, length);
    return length;
  });
  return { count: references.length, measured: measured.sort((a, b) => b - a) };
}

function limitFor({ count, measured }: ReturnType<typeof referenceLengths>, measure: TextMeasure | undefined): number {
  const longest = measured[0]!;
  const needed = longest <= shortAnswer ? longest : measured[count - Math.ceil(count * coveredShare)]!;
  return Math.min(mostTokens, mostOf(measure), Math.max(leastTokens, needed));
}

/** No token is shorter than a byte; over longer texts they are two bytes or more, with the end token. */
function boundFromBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  return Math.min(bytes, shortAnswer + Math.ceil(bytes / 2)) + 1;
}
