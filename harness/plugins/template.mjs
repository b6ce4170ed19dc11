// A trainer for bench. Put your method in place of this one; `bench run trace-seq --trainers ./my-trainer.mjs` runs it.
//
// The one here is small but real: for every question it remembers the words of the prompt's last line and counts the
// answers that came after them; it answers with the most frequent one. Types: see harness/contract/trainer.ts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

class Learner {
  /** Last line of a prompt → answer → count. All of it is in what `save` writes. */
  counts = {};
  trained = 0;
  generated = 0;

  constructor(context) {
    // context: { model, device, threads, seed, options, tasks, quick }; model is the directory of the base model
    this.smoothing = context.options.smoothing;
  }

  /** view: { index, tasks: [{ task, train, validation }], pastValidation, generalItems }. */
  async learn(view, { cancelled, progress, observe }) {
    const examples = view.tasks.flatMap(({ train }) => train);
    let loss = 0;
    for (const [index, example] of examples.entries()) {
      if (cancelled()) throw Object.assign(new Error("cancelled"), { name: "BenchError", code: "CANCELLED" });
      const [answer] = example.references;
      loss -= this.logLikelihood(example.input, answer);
      this.counts[cue(example.input)] ??= {};
      const answers = this.counts[cue(example.input)];
      answers[answer] = (answers[answer] ?? 0) + 1;
      this.trained += answer.length;
      progress({ step: index + 1, steps: examples.length, loss: loss / (index + 1) });
      await observe?.(index + 1); // where a run measures within tasks, it asks `generate` now
    }
    return { steps: examples.length, finalLoss: null, curve: [], notes: { cues: Object.keys(this.counts).length } };
  }

  async generate(requests) {
    return requests.map(({ input }) => {
      const answers = Object.entries(this.counts[cue(input)] ?? {});
      const [text] = answers.reduce((best, next) => (next[1] > best[1] ? next : best), ["", 0]);
      this.generated += text.length + 1;
      return { text, tokens: text.length + 1, finishReason: "end" };
    });
  }

  async score(requests) {
    return requests.map(({ input, continuation }) => this.logLikelihood(input, continuation.trim()));
  }

  /** In nats: counts smoothed toward uniformly random bytes. */
  logLikelihood(input, answer) {
    const answers = this.counts[cue(input)] ?? {};
    const total = Object.values(answers).reduce((sum, count) => sum + count, 0);
    const uniform = 257 ** -(Buffer.byteLength(answer) + 1);
    return Math.log(((answers[answer] ?? 0) + this.smoothing * uniform) / (total + this.smoothing) + Number.MIN_VALUE);
  }

  async save(directory) {
    const { counts, trained, generated } = this;
    writeFileSync(join(directory, "counts.json"), JSON.stringify({ counts, trained, generated }));
  }

  async restore(directory) {
    Object.assign(this, JSON.parse(readFileSync(join(directory, "counts.json"), "utf8")));
  }

  /** What is not known is null, never 0. Tokens of this learner are characters. */
  cost() {
    return {
      trainedTokens: this.trained,
      generatedTokens: this.generated,
      flops: null,
      trainableParameters: null,
      addedParameters: null,
      tensorBytes: null,
    };
  }

  async release() {}
}

const cue = (input) => {
  const text = input.map((part) => (part.type === "text" ? part.text : "")).join("");
  return text.trimEnd().split("\n").at(-1);
};

export const plugin = {
  trainers: [
    {
      name: "most-frequent",
      summary: "answers with the most frequent answer after the prompt's last line",
      source: "baseline",
      // raise it whenever the same options would give other results: finished cells are found again by it
      version: 1,
      options: {
        properties: {
          smoothing: { type: "number", exclusiveMinimum: 0, default: 1, description: "weight of unseen answers" },
        },
      },
      schedule: "sequence",
      needs: () => ({ pastData: "none", generalItems: 0, taskIdAtTest: false, validationOfPastTasks: false }),
      create: async (context) => new Learner(context),
    },
  ],
};
