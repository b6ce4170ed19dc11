import type { RandomStream } from "../../harness/contract/random.js";
import type { Lexicon } from "./lexicon.js";

/** The word in each slot of a template. */
export type Values = Readonly<Record<string, string>>;

/** One way to word a question, with the rule that answers it. */
export interface Template {
  /** Slots are `{name:class}`; the same slot again is `{name}`. */
  text: string;
  /** The answer, as text with slots or as a function of their values. */
  answer: string | ((values: Values) => string);
  /** Which values make sense together; all of them when absent. */
  accepts?: (values: Values) => boolean;
}

const slot = /\{(\w+)(?::(\w+))?\}/g;

/** The slots that a text declares: name → class. */
export function slotsOf(text: string): Map<string, string> {
  const slots = new Map<string, string>();
  for (const [, name, wordClass] of text.matchAll(slot)) if (wordClass !== undefined) slots.set(name!, wordClass);
  return slots;
}

/** Puts values into the slots of a text. */
export function fill(text: string, values: Values): string {
  return text.replace(slot, (_match, name: string) => values[name]!);
}

/** Draws values for all slots until the template accepts them. Throws when 1,000 draws were all refused. */
export function drawValues(
  slots: ReadonlyMap<string, string>,
  lexicon: Lexicon,
  random: RandomStream,
  accepts: (values: Values) => boolean = () => true,
): Values {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const values: Record<string, string> = {};
    for (const [name, wordClass] of slots) values[name] = random.pick(lexicon[wordClass]!);
    if (accepts(values)) return values;
  }
  throw new Error(`no acceptable values for the slots ${[...slots.keys()].join(", ")}`);
}

/** The answer of a template to the question with these values. */
export function answerOf(template: Template, values: Values): string {
  return typeof template.answer === "string" ? fill(template.answer, values) : template.answer(values);
}

/** A regular expression that recognizes what `fill` makes of a text and captures the value of each slot. */
export function recognizer(text: string, lexicon: Lexicon): RegExp {
  let pattern = "";
  let position = 0;
  for (const match of text.matchAll(slot)) {
    const [whole, name, wordClass] = match;
    pattern += escapePattern(text.slice(position, match.index));
    pattern += wordClass === undefined ? `\\k<${name}>` : `(?<${name}>${alternatives(lexicon[wordClass]!)})`;
    position = match.index + whole.length;
  }
  return new RegExp(`^${pattern}${escapePattern(text.slice(position))}$`, "u");
}

function alternatives(words: readonly string[]): string {
  return [...words]
    .sort((a, b) => b.length - a.length)
    .map(escapePattern)
    .join("|");
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
