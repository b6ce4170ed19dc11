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
 * A made-up kind of question without meaning: constant pieces, slots that are drawn anew from their class for each
 * instance, and an output of constants, copies of slots or a label that hangs on one slot's word. A list of its
 * instances can only be continued by finding out in context what stays, what changes and what is copied.
 * Returns the function that draws an instance.
 */
export function randomTemplate(material: Material, random: RandomStream): (random: RandomStream) => Instance {
  const classes = Array.from({ length: 1 + random.integer(6) }, () => random.pick(material.classes));
  const constants = (count: number): Part[] =>
    Array.from({ length: count }, () => ({ literal: random.pick(material.pieces) }));
  const body = constants(4 + random.integer(random.uniform() < 0.3 ? 24 : 12));
  for (const slot of classes.keys()) body.splice(random.integer(body.length + 1), 0, { slot });
  if (random.uniform() < 0.2) body.splice(random.integer(body.length + 1), 0, { slot: 0 });
  const framed = random.uniform() < 0.7;
  const input: Part[] = framed
    ? [
        ...constants(2 + random.integer(8)),
        { literal: "\n" },
        ...body,
        { literal: "\n" },
        ...constants(1 + random.integer(2)),
        { literal: ":" },
      ]
    : body;
  const labelled = random.uniform() < 0.35;
  const output: Part[] = labelled
    ? [{ label: random.integer(classes.length) }]
    : Array.from({ length: 1 + random.integer(8) }, () =>
        random.uniform() < 0.5 ? { slot: random.integer(classes.length) } : { literal: random.pick(material.pieces) },
      );
  const answers = random.pick(labels);
  const known = new Map<string, string>();
  return (draw) => {
    const words = classes.map((name) => draw.pick(material.lexicon[name]!));
    const render = (part: Part): string => {
      if ("literal" in part) return part.literal;
      if ("slot" in part) return spaced(words[part.slot]!);
      const word = words[part.label]!;
      if (!known.has(word)) known.set(word, draw.pick(answers));
      return spaced(known.get(word)!);
    };
    const text = (parts: readonly Part[]) => parts.map(render).join("").trim();
    return { input: text(input), output: text(output) };
  };
}

function spaced(word: string): string {
  return han.test(word) ? word : ` ${word}`;
}
