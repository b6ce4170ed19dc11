import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { architectures } from "../../../../../trainers/engine/onnx/architectures/index.js";
import { packedBatch } from "../../../../../trainers/engine/onnx/decoder/packed-forward.js";
import { openModel } from "../../../../../trainers/engine/onnx/open.js";
import { readConfig } from "../../../../../trainers/model/config.js";
import { tokensOfImage } from "../../../../../trainers/model/vision/vision-config.js";
import { llamaFormat } from "../../../../../trainers/model-formats.js";
import { temporaryDirectory } from "../../../model/tiny-model.js";
import { fixtureImage, variantNames, variants, withImages, writeTinyLlava } from "../../../model/vision/tiny-llava.js";
import { logitsOf as logitsOfBatch, openForInference } from "../inference-model.js";

/*
 * What transformers computes on tiny LLaVA models is committed and compared everywhere. It is computed anew, and compared
 * with what bench trained and saved, where PYTHON names an interpreter with torch, transformers and Pillow;
 * WRITE_REFERENCE=1 writes what is committed:
 *     PYTHON=…/bin/python npx vitest run test/trainers/engine/onnx/vision/transformers
 */
const root = resolve(import.meta.dirname, "../../../../..");
const python = process.env.PYTHON ?? "python3";
const available = spawnSync(python, ["-c", "import torch, transformers, PIL"]).status === 0;
const referenceFile = join(root, "test/fixtures/llava-logits.json");

/** `logits`: float32 in base64, at the first, a middle and the last position of each sequence. */
interface Reference {
  versions: Record<string, string>;
  models: Record<string, { digest: string; logits: string }>;
}

const pictures = ["rgb-160x120.jpg", "palette-60x80.png", "orientation-6-40x28.jpg"].map(fixtureImage);
const saved = "what bench trained and saved";

/** Two images, one alone, none. */
function sequencesFor(directory: string) {
  const count = tokensOfImage(readConfig(directory, architectures).config.vision!);
  return [
    { tokens: withImages([40, null, 10, 50, null, 60, 70], count), images: [pictures[0]!, pictures[1]!] },
    { tokens: withImages([null, 80, 81, 82], count), images: [pictures[2]!] },
    { tokens: [90, 91, 92], images: [] },
  ];
}

async function logitsOf(directory: string): Promise<Float32Array[]> {
  const sequences = sequencesFor(directory).map((own) => ({ ...own, positions: own.tokens.map((_, i) => i) }));
  const model = openForInference(directory);
  const [classes, values] = [model.config.vocabulary, await logitsOfBatch(model, packedBatch(sequences))];
  const count = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return Array.from({ length: count }, (_, row) => values.slice(row * classes, (row + 1) * classes));
}

function referenceRows(directory: string): number[] {
  let start = 0;
  return sequencesFor(directory).flatMap(({ tokens: { length } }) => {
    const rows = [0, Math.floor(length / 2), length - 1].map((position) => start + position);
    start += length;
    return rows;
  });
}

const largest = (ours: readonly number[], theirs: ArrayLike<number>) =>
  ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);

test.each(variantNames)("%s: the logits that transformers computed once, to 1e-4", async (name) => {
  const { models } = JSON.parse(readFileSync(referenceFile, "utf8")) as Reference;
  const directory = writeTinyLlava(variants[name], 11);
  const { digest, logits } = models[name]!;
  expect((await llamaFormat.inspect(directory)).digest).toBe(digest); // else write the reference anew
  const rows = await logitsOf(directory);
  const theirs = new Float32Array(Uint8Array.from(Buffer.from(logits, "base64")).buffer);
  const ours = referenceRows(directory).flatMap((row) => [...rows[row]!]);
  expect(theirs).toHaveLength(ours.length);
  expect(largest(ours, theirs)).toBeLessThan(1e-4);
});

describe.skipIf(!available)("agreement with transformers", () => {
  const directories = new Map<string, string>();
  const theirs = new Map<string, number[][]>();

  beforeAll(async () => {
    for (const name of variantNames) directories.set(name, writeTinyLlava(variants[name], 11));
    directories.set(saved, temporaryDirectory());
    const model = await openModel(directories.get(variantNames[0]!)!, { device: "cpu", threads: 1, seed: 1 });
    const [sequence] = sequencesFor(directories.get(variantNames[0]!)!);
    const batch = [{ ...sequence!, weights: sequence!.tokens.map((_, i, { length }) => (i > length - 3 ? 1 : 0)) }];
    const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
    for (let step = 0; step < 5; step++) {
      await model.step({ terms: [{ kind: "language-modeling", batch, weight: 1 }] }, update);
    }
    await model.save(directories.get(saved)!);
    const requests = [...directories.values()].map((directory) => ({
      directory,
      sequences: sequencesFor(directory).map(({ tokens, images }) => ({
        tokens,
        images: images.map(({ path }) => path),
      })),
    }));
    const script = join(root, "test/oracle/llava_logits.py");
    const run = spawnSync(python, [script], { input: JSON.stringify(requests), encoding: "utf8", maxBuffer: 2 ** 28 });
    if (run.status !== 0) throw new Error(run.stderr);
    const { answers, versions } = JSON.parse(run.stdout) as { answers: { logits: number[][][] }[]; versions: object };
    for (const [i, name] of [...directories.keys()].entries()) theirs.set(name, answers[i]!.logits.flat());
    if (process.env.WRITE_REFERENCE !== "1") return;
    const models: Record<string, object> = {};
    for (const name of variantNames) {
      const directory = directories.get(name)!;
      const values = referenceRows(directory).flatMap((row) => theirs.get(name)![row]!);
      const logits = Buffer.from(Float32Array.from(values).buffer).toString("base64");
      models[name] = { digest: (await llamaFormat.inspect(directory)).digest, logits };
    }
    writeFileSync(referenceFile, `${JSON.stringify({ versions, models }, null, 1)}\n`);
  });

  test.each([...variantNames, saved])("%s: the same logits to 1e-4", async (name) => {
    const ours = (await logitsOf(directories.get(name)!)).flatMap((row) => [...row]);
    expect(ours).toHaveLength(theirs.get(name)!.flat().length);
    const difference = largest(ours, theirs.get(name)!.flat());
    console.log(`${name}: largest difference of logits ${difference.toExponential(1)}`);
    expect(difference).toBeLessThan(1e-4);
  });

  test("training changes the logits", () => {
    const [before, after] = [variantNames[0]!, saved].map((name) => theirs.get(name)!.flat());
    expect(largest(before!, after!)).toBeGreaterThan(1e-2);
  });
});
