import { scorers } from "../../harness/score/index.js";

/**
 * Longest CPU time that each scorer takes for answers of 10,000 characters that are hard on it, the best of some
 * repetitions: `npm run bench:scores`.
 */
const size = 10_000;
const repetitions = 5;

const fill = (piece: string): string => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
/** Characters of a fixed linear congruential sequence: the same text at every run. */
function noise(symbols: number): string {
  let state = 1;
  return Array.from({ length: size }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return String.fromCharCode(0x4e00 + (state % symbols));
  }).join("");
}

const texts: Record<string, string> = {
  dots: fill("."),
  spaces: fill(" "),
  "line ends": fill("\n"),
  letters: fill("a"),
  digits: fill("1"),
  "groups of digits": fill("1,111"),
  words: fill("the council approved "),
  "one-letter words": fill("a b "),
  sentences: fill("The council met. "),
  cues: fill("the answer is "),
  choices: fill("A or B "),
  markers: fill("#### "),
  questions: fill("\nQuestion:"),
  refusals: fill("as an ai i "),
  literals: fill("<STR_LIT:"),
  "150 symbols": noise(150),
  "two symbols": noise(2),
};
const references = { same: "", short: noise(2).slice(0, 199), other: noise(100) };
const variants: Record<string, Record<string, unknown>[]> = {
  number: [{}, { marker: "####" }, { rule: "lm-eval" }],
  "rouge-l": [{}, { tokenizer: "unicode" }, { implementation: "rouge" }],
  "edit-similarity": [{ unwrapLiterals: true }, { unwrapLiterals: true, implementation: "fuzzywuzzy" }],
};

for (const scorer of scorers) {
  for (const options of variants[scorer.name] ?? [{}]) {
    let worst = { milliseconds: 0, text: "", reference: "" };
    for (const [text, output] of Object.entries(texts)) {
      for (const [reference, given] of Object.entries(references)) {
        const example = { id: "x", input: [], references: [given || output], source: output, choices: ["A", "B", "C"] };
        let best = Number.POSITIVE_INFINITY;
        for (let repetition = 0; repetition < repetitions; repetition++) {
          const start = process.cpuUsage();
          scorer.score(example, output, options);
          const { user, system } = process.cpuUsage(start);
          best = Math.min(best, (user + system) / 1000);
        }
        if (best > worst.milliseconds) worst = { milliseconds: best, text, reference };
      }
    }
    const { milliseconds, text, reference } = worst;
    const name = `${scorer.name} ${JSON.stringify(options)}`.padEnd(64);
    console.log(`${name}${milliseconds.toFixed(1).padStart(7)} ms  (${text} against ${reference})`);
  }
}
