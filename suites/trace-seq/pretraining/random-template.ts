import type { RandomStream } from "../../../harness/contract/random.js";
import type { Lexicon } from "../lexicon.js";

/** One instance of a list: what is asked and what is answered. */
export interface Instance {
  input: string;
  output: string;
}

/** The material of random templates: loose pieces of text, and classes of words for the slots. */
export interface Material {
  pieces: readonly string[];
  /** Those of the pieces that are punctuation: they recur most. */
  marks: readonly string[];
  lexicon: Lexicon;
  classes: readonly string[];
}

/** What a template is made of: constant text, or any word of a class. */
type Symbol = { literal: string } | { wordClass: string };
type Part = { literal: string } | { slot: number } | { label: number };

const labels = [
  ["A", "B", "C"],
  ["yes", "no"],
  ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
];
const han = /^[一-鿿]/u;

/**
 * A made-up kind of question without meaning: one frame, and bodies with constant pieces and slots, whose words are
 * drawn anew from their classes for each instance. Its output is made of constants and copies of slots, or is a label
 * that hangs on one slot's word. A list of its instances can only be continued by finding out in context what stays,
 * what changes and what is copied. Pieces and whole runs of them recur within the family, as they do in language, so
 * that the last token alone does not determine the next. Returns one function for each body, which draws an instance.
 */
export function randomFamily(
  material: Material,
  bodies: number,
  random: RandomStream,
): ((random: RandomStream) => Instance)[] {
  const phrase = phrasing(material, random);
  const framed = random.uniform() < 0.8;
  const slotsInFrame = random.uniform() < 0.5 ? 0.3 : 0;
  const ties = random.pick([0.25, 0.75]);
  const lineBreak = { literal: "\n" };
  const colon = { literal: random.pick(material.marks.filter((mark) => /[:：]/.test(mark))) };
  const before = framed ? [...phrase(2 + random.integer(10), slotsInFrame), lineBreak, ...phrase(1, 0), colon] : [];
  const after = framed ? [lineBreak, ...phrase(1 + random.integer(2), 0), colon] : [];
  const labelled = random.uniform() < 0.35;
  const answers = random.pick(labels);
  const known = new Map<string, string>();

  return Array.from({ length: bodies }, () => {
    const lines = random.uniform() < 0.25 ? 2 + random.integer(2) : 1;
    const length = (5 + random.integer(random.uniform() < 0.4 ? 30 : 14)) / lines;
    const slots = 0.1 + 0.35 * random.uniform();
    const nextLine = { literal: random.pick(["\n", "\n    "]) };
    const body = phrase(length, slots);
    for (let line = 1; line < lines; line++) body.push(nextLine, ...phrase(length, slots));
    if (!body.some((symbol) => "wordClass" in symbol)) body.push({ wordClass: random.pick(material.classes) });
    const { parts, classes } = withSlots([...before, ...body, ...after], ties, random);
    const output: Part[] = labelled
      ? [{ label: random.integer(classes.length) }]
      : Array.from({ length: 1 + random.integer(8) }, () =>
          random.uniform() < 0.5 ? { slot: random.integer(classes.length) } : { literal: random.pick(material.pieces) },
        );
    return (draw: RandomStream) => {
      const words = classes.map((name) => draw.pick(material.lexicon[name]!));
      const render = (part: Part): string => {
        if ("literal" in part) return part.literal;
        if ("slot" in part) return spaced(words[part.slot]!);
        const word = words[part.label]!;
        if (!known.has(word)) known.set(word, draw.pick(answers));
        return spaced(known.get(word)!);
      };
      const text = (some: readonly Part[]) => some.map(render).join("").trim();
      return { input: text(parts), output: text(output) };
    };
  });
}

/** Returns what makes phrases of one family: of its few pieces and classes, of runs heard before, and of options A to C. */
function phrasing(material: Material, random: RandomStream): (length: number, slots: number) => Symbol[] {
  const marks = Array.from({ length: random.integer(4) }, () => random.pick(material.marks));
  const pieces = [...marks, ...Array.from({ length: 4 + random.integer(28) }, () => random.pick(material.pieces))];
  const classes = Array.from({ length: 1 + random.integer(5) }, () => random.pick(material.classes));
  const skew = random.pick([1, 1.5, 2]);
  const recurrence = random.pick([0, 0.1, 0.2]);
  const [space, mark] = [random.pick(["", " "]), random.pick(material.marks)];
  const heard: Symbol[] = [];
  const symbol = (slots: number): Symbol =>
    random.uniform() < slots
      ? { wordClass: random.pick(classes) }
      : { literal: pieces[Math.floor(pieces.length * random.uniform() ** skew)]! };
  const run = (slots: number): Symbol[] => {
    const chance = random.uniform();
    if (chance < 0.02) {
      const slotsInOptions = random.pick([0, slots > 0 ? 1 : 0]);
      return ["A", "B", "C"].flatMap((letter) => [
        { literal: `${space}${letter}.` },
        symbol(slotsInOptions),
        { literal: mark },
      ]);
    }
    if (chance >= recurrence) return [symbol(slots)];
    const start = random.integer(heard.length + 1);
    return heard.slice(start, start + 2 + random.integer(5)).filter((one) => slots > 0 || "literal" in one);
  };
  return (length, slots) => {
    const phrase: Symbol[] = [];
    while (phrase.length < length) {
      const next = run(slots);
      phrase.push(...next);
      heard.push(...next);
    }
    return phrase;
  };
}

/** Gives each word class in a template a slot; a share `ties` of them is the first or the last one's of its class: a word comes back. */
function withSlots(
  symbols: readonly Symbol[],
  ties: number,
  random: RandomStream,
): { parts: Part[]; classes: string[] } {
  const classes: string[] = [];
  const parts = symbols.map((symbol): Part => {
    if ("literal" in symbol) return symbol;
    const { wordClass } = symbol;
    const earlier = random.pick([classes.indexOf(wordClass), classes.lastIndexOf(wordClass)]);
    if (earlier >= 0 && random.uniform() < ties) return { slot: earlier };
    return { slot: classes.push(wordClass) - 1 };
  });
  return { parts, classes };
}

function spaced(word: string): string {
  return han.test(word) ? word : ` ${word}`;
}
