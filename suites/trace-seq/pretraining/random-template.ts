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
  lexicon: Lexicon;
  classes: readonly string[];
}

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
 * what changes and what is copied. Returns one function for each body, which draws an instance.
 */
export function randomFamily(
  material: Material,
  bodies: number,
  random: RandomStream,
): ((random: RandomStream) => Instance)[] {
  const constants = (count: number): Part[] =>
    Array.from({ length: count }, () => ({ literal: random.pick(material.pieces) }));
  const lineBreak = { literal: "\n" };
  const framed = random.uniform() < 0.7;
  const before = framed ? [...constants(2 + random.integer(10)), lineBreak, ...constants(1), { literal: ":" }] : [];
  const after = framed ? [lineBreak, ...constants(1 + random.integer(2)), { literal: ":" }] : [];
  const labelled = random.uniform() < 0.35;
  const answers = random.pick(labels);
  const known = new Map<string, string>();

  return Array.from({ length: bodies }, () => {
    const classes = Array.from({ length: 1 + random.integer(6) }, () => random.pick(material.classes));
    const body = constants(4 + random.integer(random.uniform() < 0.3 ? 24 : 12));
    for (const slot of classes.keys()) body.splice(random.integer(body.length + 1), 0, { slot });
    if (random.uniform() < 0.2) body.splice(random.integer(body.length + 1), 0, { slot: 0 });
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
      const text = (parts: readonly Part[]) => parts.map(render).join("").trim();
      return { input: text([...before, ...body, ...after]), output: text(output) };
    };
  });
}

function spaced(word: string): string {
  return han.test(word) ? word : ` ${word}`;
}
