import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../../harness/contract/digest.js";
import { baseModelDirectory } from "../../../suites/complete-suite.js";
import { visionModelDirectory } from "../../../suites/mm-seq/generate.js";
import { visionBatches } from "../../../suites/mm-seq/pretraining/batches.js";
import { initialVision } from "../../../suites/mm-seq/pretraining/initial-vision.js";
import { visionRecipe } from "../../../suites/mm-seq/pretraining/recipe.js";
import { type LanguageFiles, visionFiles } from "../../../suites/mm-seq/pretraining/vision-files.js";

const parsed = (directory: string, name: string) => JSON.parse(readFileSync(join(directory, name), "utf8"));

test("the files of the model that comes along are those that the recipe writes", () => {
  const names = ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"];
  const language = Object.fromEntries(names.map((name) => [name, parsed(baseModelDirectory, name)]));
  const files = visionFiles(language as unknown as LanguageFiles, visionRecipe.tower);
  for (const [name, content] of Object.entries(files))
    expect(parsed(visionModelDirectory, name), name).toEqual(content);
});

test("a batch depends on its stage and number alone; alignment is pictures, instruction has text between", () => {
  const batches = () =>
    visionBatches({
      encoding: { encode: (text) => [...Buffer.from(text)], vocabularySize: 256, beginToken: 1, endToken: 2 },
      image: Array(16).fill(300),
      store: (pixels) => ({ type: "image", path: "", digest: sha256(pixels) }),
      taskItems: [{ id: "t", input: [{ type: "text", text: "Q" }], references: ["a"] }],
      excluded: new Set(),
    });
  const [one, other] = [batches(), batches()];
  const [alignment, instruction] = visionRecipe.stages as [
    (typeof visionRecipe.stages)[0],
    (typeof visionRecipe.stages)[0],
  ];
  other(instruction, 5);
  for (const [stage, step] of [
    [alignment, 3],
    [instruction, 0],
    [instruction, 7],
  ] as const) {
    const batch = one(stage, step);
    expect(other(stage, step)).toEqual(batch);
    const isText = stage === instruction && step === 7;
    for (const { tokens, images = [] } of batch) {
      expect(images).toHaveLength(isText ? 0 : 1);
      expect(tokens.filter((token) => token === 300)).toHaveLength(16 * images.length);
    }
  }
});

test("weights start from the seed, norms at 1 and biases at 0", () => {
  const shapes = { "a.layer_norm1.weight": [4], "a.layer_norm1.bias": [4], "a.mlp.fc1.weight": [3, 4] };
  const first = initialVision(shapes, 1);
  expect(initialVision(shapes, 1)).toEqual(first);
  expect(initialVision(shapes, 2)[2]!.values).not.toEqual(first[2]!.values);
  expect(first.slice(0, 2).map(({ values }) => [...values])).toEqual([
    [1, 1, 1, 1],
    [0, 0, 0, 0],
  ]);
});
