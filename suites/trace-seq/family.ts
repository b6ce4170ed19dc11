import type { RandomStream } from "../../harness/contract/random.js";
import type { TaskDescription } from "../../harness/contract/suite.js";
import { allWords, type Lexicon } from "./lexicon.js";
import { answerOf, drawValues, fill, recognizer, slotsOf, type Template } from "./template.js";

/** A kind of question: what every question of it looks like, and the templates of its body. */
export interface Family extends TaskDescription {
  /** The whole prompt, with `{body}` where the template's text goes; may declare its own slots. */
  frame: string;
  templates: readonly Template[];
  /** Wordings that only the shifted test uses. */
  shiftedTemplates?: readonly Template[];
  /** The closed set of answers. */
  choices?: string[];
  /** Whether the body is the text before simplification, which SARI needs. */
  bodyIsSource?: boolean;
}

/** One question with its answer. */
export interface Question {
  prompt: string;
  answer: string;
  /** The text of its template, where the family needs it. */
  source?: string;
}

/** Draws a question: a template uniformly, then its slots from the lexicon. */
export function drawQuestion(
  family: Family,
  templates: readonly Template[],
  lexicon: Lexicon,
  random: RandomStream,
): Question {
  const template = random.pick(templates);
  const { text, slots } = frameOf(family, template);
  const values = drawValues(slots, lexicon, random, template.accepts);
  const question = { prompt: fill(text, values), answer: answerOf(template, values) };
  return family.bodyIsSource ? { ...question, source: fill(template.text, values) } : question;
}

/** The answer that the family's rule gives to a prompt, or undefined where no template words it so. */
export function ruleAnswer(family: Family, prompt: string): string | undefined {
  for (const { template, pattern } of recognizersOf(family)) {
    const values = pattern.exec(prompt)?.groups;
    if (values !== undefined && (template.accepts?.(values) ?? true)) return answerOf(template, values);
  }
  return undefined;
}

/** Templates that share one rule. */
export function withRule(
  answer: Template["answer"],
  texts: readonly string[],
  accepts?: Template["accepts"],
): Template[] {
  return texts.map((text) => (accepts === undefined ? { text, answer } : { text, answer, accepts }));
}

/** Accepts values that differ in the named slots. */
export function differing(...slots: string[]): NonNullable<Template["accepts"]> {
  return (values) => new Set(slots.map((name) => values[name])).size === slots.length;
}

function wholeText(family: Family, template: Template): string {
  return family.frame.replace("{body}", () => template.text);
}

/** A whole prompt with its slots; made once, since thousands of questions are drawn from each. */
type Frame = { text: string; slots: ReadonlyMap<string, string> };
const frames = new WeakMap<Family, Map<Template, Frame>>();

function frameOf(family: Family, template: Template): Frame {
  const known = frames.get(family) ?? new Map<Template, Frame>();
  frames.set(family, known);
  const found = known.get(template);
  if (found !== undefined) return found;
  const text = wholeText(family, template);
  const made = { text, slots: slotsOf(text) };
  known.set(template, made);
  return made;
}

const recognizers = new WeakMap<Family, { template: Template; pattern: RegExp }[]>();

function recognizersOf(family: Family): { template: Template; pattern: RegExp }[] {
  let known = recognizers.get(family);
  if (known === undefined) {
    known = [...family.templates, ...(family.shiftedTemplates ?? [])].map((template) => ({
      template,
      pattern: recognizer(wholeText(family, template), allWords),
    }));
    recognizers.set(family, known);
  }
  return known;
}
