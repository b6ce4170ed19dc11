import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import type { Part } from "../../../harness/contract/suite.js";
import { decodeImage } from "../../../harness/images/decode.js";
import { metricOf } from "../../../harness/metrics/definition.js";
import { checkData } from "../../../harness/run/data/check-data.js";
import { generatePictureSuite, visionModelDirectory } from "../../../suites/mm-seq/generate.js";
import { generation, linguisticMetrics, understanding } from "../../../suites/mm-seq/metrics.js";
import { pictureFile } from "../../../suites/mm-seq/pictures/picture-files.js";
import { encodePng } from "../../../suites/mm-seq/pictures/png.js";
import { paint } from "../../../suites/mm-seq/pictures/scene.js";
import { visionItem } from "../../../suites/mm-seq/pretraining/batches.js";
import { abilityNames } from "../../../suites/mm-seq/pretraining/questions.js";
import { tasks } from "../../../suites/mm-seq/tasks/index.js";
import { generalFamilies } from "../../../suites/trace-seq/general/index.js";
import { tasks as textTasks } from "../../../suites/trace-seq/tasks/index.js";
import type { Model } from "../../../trainers/engine/contract.js";
import { openModel } from "../../../trainers/engine/onnx/open.js";
import { newDirectory } from "../../files.js";
import { pictures, suite } from "./quick-suite.js";

let model: Model;
beforeAll(async () => {
  model = await openModel(visionModelDirectory, { device: "cpu", threads: 1, seed: 0 });
});
afterAll(() => model.release());

test("the same data every time, wherever the pictures are kept; nothing is wrong with it", () => {
  expect(generatePictureSuite(true, newDirectory()).digest).toBe(suite.digest);
  expect(suite.digest).toMatchInlineSnapshot(`"d0cd20d7bb7b429a092aba4422f09679b99f75ada20b44747387e1c03b265024"`);
  expect(checkData(suite)).toEqual([]);
});

test("a picture's file holds what was painted, and is written once", async () => {
  for (const { id, draw } of tasks) {
    for (const look of ["familiar", "shifted"] as const) {
      const stream = () => random({ seed: 3, stream: "test", task: id, item: look });
      const { scene } = draw(stream());
      const pixels = paint(scene, look, stream());
      const decoded = await decodeImage(encodePng(pixels), id);
      expect({ ...decoded, pixels: Buffer.from(decoded.pixels) }).toEqual({
        width: 32,
        height: 32,
        pixels: Buffer.from(pixels),
      });
      const file = pictureFile(pixels, pictures);
      const { mtimeMs } = statSync(file.path);
      expect(pictureFile(pixels, pictures)).toEqual(file);
      expect(statSync(file.path).mtimeMs).toBe(mtimeMs);
    }
  }
});

/** Greedy answers to questions on pictures. */
async function answersTo(questions: readonly { image: Extract<Part, { type: "image" }>; text: string }[]) {
  const requests = questions.map(({ image, text }, id) => ({
    id: String(id),
    tokens: [model.tokenizer.beginToken!, ...model.images!, ...model.tokenizer.encode(text)],
    images: [image],
  }));
  return (await model.generate(requests, { maxNewTokens: 20 })).map(({ text }) => text.trim());
}

test("the base model is small, and sees: far above chance in every ability", async () => {
  expect(statSync(join(visionModelDirectory, "model.safetensors")).size).toBeLessThan(4_000_000);
  expect(readFileSync(join(visionModelDirectory, "README.md"), "utf8")).toContain("npm run pretrain:vision");
  for (const ability of abilityNames) {
    const items = Array.from({ length: 20 }, (_, item) => visionItem("probe", ability, 1000 + item));
    const replies = await answersTo(
      items.map(({ pixels, question }) => ({ image: pictureFile(pixels, pictures), text: `\n${question}` })),
    );
    const right = items.filter(({ answer }, index) => replies[index] === answer).length;
    expect(right, ability).toBeGreaterThanOrEqual(10);
  }
});

test("linguistic loss is what text probes lose, understanding and generation apart", () => {
  const text = [...generalFamilies.flatMap(({ kind, family }) => (kind === "safety" ? [] : [family])), ...textTasks];
  const ids = (closed: boolean) => text.filter(({ choices }) => (choices !== undefined) === closed).map(({ id }) => id);
  expect([understanding, generation]).toEqual([ids(true), ids(false)]);
  expect(text.every(({ id }) => suite.probes.some((probe) => probe.id === id))).toBe(true);
  const after = (id: string) => (understanding.includes(id) ? 0.7 : 0.5);
  const probes = Object.fromEntries(suite.probes.map(({ id }) => [id, [0.9, after(id)]]));
  const kinds = Object.fromEntries(suite.probes.map(({ id, kind }) => [id, kind]));
  const matrix = { tasks: ["recognition"], rows: [[0], [1]], probes, probeKinds: kinds } as unknown as MatrixRecord;
  const values = linguisticMetrics.map((definition) => metricOf(definition).compute(matrix).value!.toFixed(3));
  expect(values).toEqual(["0.300", "0.200", "0.400"]);
  const without = { ...matrix, probes: {}, probeKinds: {} };
  expect(metricOf(linguisticMetrics[0]!).compute(without)).toMatchObject({ value: null });
});
