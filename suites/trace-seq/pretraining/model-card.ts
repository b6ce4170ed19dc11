import { type ListAbility, listDecoding, listMeasure } from "./list-ability.js";
import type { Recipe } from "./recipe.js";

/** The facts of one pretraining in a model card. */
export interface ModelFacts {
  recipe: Recipe;
  parameters: number;
  vocabulary: number;
  /** Tokens trained on, padding not counted. */
  tokens: number;
  seconds: number;
  machine: string;
  suiteVersion: string;
  probes: { title: string; kind: string; items: number; score: number }[];
  /** Zero-shot scores on the tasks' validation data. */
  tasks: { title: string; score: number }[];
  lists: ListAbility[];
}

/** The README.md of the base model. */
export function modelCard(facts: ModelFacts): string {
  const { recipe, lists } = facts;
  const { shape, corpus } = recipe;
  const percent = (share: number) => `${Math.round(100 * share)}%`;
  return `---
license: apache-2.0
pipeline_tag: text-generation
---
# The base model of trace-seq

A Qwen2 of ${facts.parameters.toLocaleString("en")} parameters, made for the suite \`trace-seq\`: small enough to be fine-tuned on eight tasks in
seconds on one core, with general abilities that can be lost. It knows nothing beyond the suite's small generated world.

| | |
|---|---|
| shape | ${shape.layers} layers, width ${shape.hidden}, ${shape.heads} heads, SwiGLU ${shape.intermediate}, tied embeddings, context ${shape.contextLength} |
| tokenizer | byte-level BPE, ${facts.vocabulary} entries; any text encodes; digits and Han characters stand alone |
| training | ${recipe.steps.toLocaleString("en")} steps, ${(facts.tokens / 1e6).toFixed(1)} M tokens, AdamW ${recipe.learningRate}, linear decay to ${percent(recipe.finalRate)} over the last ${recipe.decaySteps}, weight decay ${recipe.weightDecay}, clip ${recipe.clip}, seed ${recipe.seed} |
| time | ${(facts.seconds / 60).toFixed(1)} minutes on one core (${facts.machine}) |
| made by | \`npm run pretrain\`, deterministic: the same machine gives the same bits |

## What it saw
Generated text only. ${percent(1 - corpus.lists)} of the batches are single questions (the probes' families, sums, kinds of words, look-ups, plain
German words, polarity of Chinese words, who says what in Chinese, small code), each alone in its sequence; a question's own tokens weigh ${corpus.questionWeight} in the loss. ${percent(corpus.lists)}
are lists of similar instances, \`Input: …\\nOutput: …\\n\\n\`, ${percent(corpus.randomLists)} of them made-up kinds of questions without meaning, which teach copying in
context, and a few repeated random sequences. No item of a probe occurs, nor any question of the eight tasks or the unseen
ones; their words occur, without their rules. Weights start with the beginnings of induction wired in (\`initial-weights.ts\`).

## What it can do
Greedy answers, scored by the suite's own scorers (version ${facts.suiteVersion}).

| probe | kind | items | score |
|---|---|---|---|
${facts.probes.map(({ title, kind, items, score }) => `| ${title} | ${kind} | ${items} | ${percent(score)} |`).join("\n")}

| task, before any training on it (validation) | score |
|---|---|
${facts.tasks.map(({ title, score }) => `| ${title} | ${percent(score)} |`).join("\n")}

Given ${listMeasure.demonstrations} demonstrations out of ${listMeasure.realItems} real items of a task, it writes new inputs of it (shares of ${listMeasure.draws} draws, temperature
${listDecoding.temperature}, top-p ${listDecoding.topP}); usable is what is novel and worded as the task words its questions, unique counts each text once:

| task | ends in the output's marker | novel | usable | unique |
|---|---|---|---|---|
${lists.map(({ task, ...shares }) => `| ${task} | ${Object.values(shares).map(percent).join(" | ")} |`).join("\n")}

## How to ask
\`<|begin|>\` + prompt, then a space and the answer, then \`<|end|>\`: \`Question: Tom has 3 apples and gets 4 more. How many apples?\\nAnswer:\`.
In transformers, open the tokenizer by \`PreTrainedTokenizerFast\`: \`AutoTokenizer\` of transformers 5 replaces the tokenizer of every
\`qwen2\` by Qwen's own way of cutting text, which is not this one's.
`;
}
