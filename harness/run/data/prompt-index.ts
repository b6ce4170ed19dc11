import { createHash } from "node:crypto";
import { type Example, inputText, type Suite } from "../../contract/suite.js";

/** What the rows of a set are for; shifted tests and probes are never trained on either. */
export type Part = "train" | "validation" | "test" | "shifted" | "probe";

/** Some rows of one task or probe. */
export interface RowSet {
  /** Task or probe id. */
  task: string;
  part: Part;
  examples: readonly Example[];
}

/** How often a prompt is in one set, and with which answers. */
export interface Occurrence {
  set: RowSet;
  count: number;
  /** Digest of the accepted answers → how often. */
  answers: Map<string, number>;
  /** The id of the first such row. */
  first: string;
}

/** All sets of rows of a suite. */
export function rowSets(suite: Pick<Suite, "tasks" | "probes">): RowSet[] {
  const tasks = suite.tasks.flatMap(({ id, train, validation, test, shifted = [] }) =>
    Object.entries({ train, validation, test, shifted }).map(
      ([part, examples]): RowSet => ({ task: id, part: part as Part, examples }),
    ),
  );
  const probes = suite.probes.map(({ id, examples }): RowSet => ({ task: id, part: "probe", examples }));
  return [...tasks, ...probes];
}

/** Every prompt by its digest with the sets that contain it, ignoring white space. Linear in the rows. */
export function indexPrompts(sets: readonly RowSet[]): Iterable<Occurrence[]> {
  const index = new Map<string, Map<RowSet, Occurrence>>();
  for (const set of sets) {
    for (const example of set.examples) {
      const key = promptKey(example);
      const occurrences = index.get(key) ?? new Map<RowSet, Occurrence>();
      const own = occurrences.get(set) ?? { set, count: 0, answers: new Map(), first: example.id };
      const answers = keyOf(example.references.map(plain).sort().join("\0"));
      own.count += 1;
      own.answers.set(answers, (own.answers.get(answers) ?? 0) + 1);
      index.set(key, occurrences.set(set, own));
    }
  }
  return Array.from(index.values(), (occurrences) => [...occurrences.values()]);
}

function promptKey({ input }: Example): string {
  const images = input.flatMap((part) => (part.type === "image" ? [part.digest] : []));
  return keyOf([plain(inputText(input)), ...images].join("\0"));
}

const plain = (text: string): string => text.normalize("NFC").replace(/\s+/g, " ").trim();

/** A short text itself; of a longer one 96 bits: two of a billion agree by chance with a probability below 10⁻¹⁰. */
const keyOf = (text: string): string =>
  text.length < 40 ? `=${text}` : createHash("sha256").update(text).digest("base64").slice(0, 16);
