import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { transformersFormat } from "../../../../trainers/model-formats.js";
import { temporaryDirectory } from "../../model/tiny-model.js";
import { fixtureImage } from "../../model/vision/tiny-llava.js";
import { python, skipped } from "./python.js";

const families = ["qwen2_vl", "smolvlm"];
const image = fixtureImage("rgb-160x120.jpg");
const update = { learningRate: 0.003, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const unseeing = skipped || spawnSync(python!, ["-c", "import PIL, torchvision, num2words"]).status !== 0;
if (unseeing && !skipped)
  console.warn("Skipped: the Python of BENCH_TORCH_PYTHON has no pillow, torchvision, num2words.");

describe.skipIf(unseeing)("newer vision-language models of transformers", () => {
  const models = temporaryDirectory();
  let known: Record<string, { tokens: number[]; loss: number; answer: number[] }>;

  beforeAll(() => {
    const script = join(import.meta.dirname, "vision_families.py");
    const output = execFileSync(python!, [script, models, image.path], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    known = JSON.parse(output.trim().split("\n").at(-1)!);
  });

  test.each(families)("%s sees as transformers does, is trained, takes an adapter, and is saved", async (family) => {
    const directory = join(models, family);
    const { tokens, loss, answer } = known[family]!;
    expect(await transformersFormat.inspect(directory)).toMatchObject({ modalities: ["text", "image"] });
    const open = (from: string) => openTorchModel({ directory: from }, "cpu", { threads: 1, seed: 1 });
    const model = await open(directory);
    expect(tokens.join()).toContain(model.images!.join());
    const sequence = { tokens, weights: tokens.map((_, i) => (i > tokens.length - 4 ? 1 : 0)), images: [image] };
    const objective = { terms: [{ kind: "language-modeling" as const, batch: [sequence], weight: 1 }] };
    expect(await model.loss(objective)).toBeCloseTo(loss, 4);
    const question = { id: "q", tokens, images: [image] };
    const [alone] = await model.generate([question], { maxNewTokens: 8 });
    expect(alone).toMatchObject({ text: model.tokenizer.decode(answer.filter((token) => token !== 256)) });
    const blind = { id: "b", tokens: [40, 41, 42] };
    const company = [question, blind, blind, question, blind];
    expect((await model.generate(company, { maxNewTokens: 8 }))[3]).toEqual(alone);

    for (let step = 0; step < 3; step++) await model.step(objective, update);
    const after = await model.loss(objective);
    expect(after).toBeLessThan(loss);
    const saved = temporaryDirectory();
    await model.save(saved);
    const again = await open(saved);
    expect(await again.loss(objective)).toBe(after);
    expect(await again.digest()).toBe(await model.digest());
    await again.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] }, 1);
    for (let step = 0; step < 3; step++) await again.step(objective, update);
    expect(await again.loss(objective)).toBeLessThan(after);
    await Promise.all([model.release(), again.release()]);
  });
});
