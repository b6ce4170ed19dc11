import { visionRecipe } from "./recipe.js";

/** What was measured of the model. */
export interface VisionFacts {
  parameters: number;
  seconds: number;
  machine: string;
  /** Shares of right answers by ability, and scores by the titles of probes; 0 to 1. */
  vision: Record<string, number>;
  language: Record<string, number>;
}

/** The README.md of the base model. */
export function visionCard({ parameters, seconds, machine, vision, language }: VisionFacts): string {
  const { tower, stages, questions, questionsInBatch, weightDecay } = visionRecipe;
  const table = (heading: string, scores: Record<string, number>) =>
    [
      `| ${heading} | score |\n|---|---|`,
      ...Object.entries(scores).map(([name, score]) => `| ${name} | ${Math.round(100 * score)}% |`),
    ].join("\n");
  const described = stages.map(
    ({ name, steps, learningRate, componentRates, textEvery }) =>
      `${name}, ${steps} steps at a rate of ${learningRate}, ${"model." in componentRates ? "language model frozen" : "all of it trained"}${textEvery === null ? "" : `, one batch in ${textEvery} of text`}`,
  );
  return `---
license: apache-2.0
pipeline_tag: image-text-to-text
---
# The base model of mm-seq

A LLaVA of ${parameters.toLocaleString("en")} parameters (${((4 * parameters) / 1e6).toFixed(1)} MB): a SigLIP of ${tower.layers} layers and width ${tower.hidden} with random weights at first,
joined to the base model of trace-seq. It sees pictures of 32 × 32 pixels in ${(32 / tower.patchSize) ** 2} patches, and knows nothing beyond generated ones.

Training: ${described.join("; ")}. ${questionsInBatch} questions a step out of
${questions.toLocaleString("en")}; AdamW, weight decay ${weightDecay}. The text is half trace-seq's pretraining, half training items of its tasks, none of them an
item of a probe. The tower is trained in both stages: LLaVA has a tower that was trained before.
Made by \`npm run pretrain:vision\` in ${(seconds / 60).toFixed(1)} minutes on one core (${machine}), deterministic: the same machine gives the same bits.

## What it can do

Greedy answers to new questions on new pictures, exact match:

${table("pictures", vision)}

Probes of mm-seq, which are text:

${table("language", language)}

## How to ask
\`<|begin|>\` + 16 × \`<image>\` + a line break + \`Question: What shape is it?\\nAnswer:\`, then a space and the answer, then \`<|end|>\`. In transformers it is a \`LlavaForConditionalGeneration\`;
the norm behind the tower, which is reported as missing there, is not computed with.
`;
}
