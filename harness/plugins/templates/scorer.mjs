// A scorer for bench: what one answer is worth, on 0 to 1. It runs as it is; put yours in its place.
import { definePlugin, defineScorer, Type } from "trace-bench/kit";

const scorer = defineScorer({
  name: "my-scorer",
  summary: "Whether the first line of the answer is a reference, apart from case and final punctuation.",
  source: "baseline",
  version: 1, // raise it whenever equal answers would get other scores
  options: {
    ignoreCase: Type.Boolean({ default: true, description: "Whether upper and lower case are alike." }),
  },
  // Pure: nothing but the example, the answer as it was generated and the options decides.
  score(example, output, { ignoreCase }) {
    const [answer, ...references] = [output, ...example.references].map((text) => {
      const line = text
        .trim()
        .split("\n", 1)
        .join("")
        .replace(/[.!?。！？]+$/u, "");
      return ignoreCase ? line.toLowerCase() : line;
    });
    const right = references.some((reference) => reference === answer) ? 1 : 0;
    // `score` by the strict rule, `extracted` after the answer was picked out of what surrounds it, `valid`: its form.
    return { score: right, extracted: right, valid: !output.trim().includes("\n") };
  },
});

export const plugin = definePlugin({ scorers: [scorer] });
