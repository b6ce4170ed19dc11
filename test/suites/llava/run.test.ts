import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../../../harness/contract/digest.js";
import { newDirectory } from "../../files.js";
import { bench } from "../../harness/cli/support.js";
import { writeTinyLlava } from "../../trainers/model/vision/tiny-llava.js";

const fixtures = join(import.meta.dirname, "../../fixtures/images");
const names = ["rgb-50x40.png", "palette-60x80.png", "rgb-75x126.jpg", "lossy-105x75.webp"];

test("methods train and are measured on questions on images; what the buffer keeps counts their files", async () => {
  const directory = newDirectory();
  mkdirSync(join(directory, "data/images"), { recursive: true });
  for (const name of names) copyFileSync(join(fixtures, name), join(directory, "data/images", name));
  for (const task of ["form", "kind"]) {
    const rows = names.map((image) => ({
      image,
      conversations: [
        { from: "human", value: `<image>\nWhich ${task}?` },
        { from: "gpt", value: image.split(/[-.]/)[task === "form" ? 0 : 2] },
      ],
    }));
    mkdirSync(join(directory, "data", task));
    for (const split of ["train", "test"])
      writeFileSync(join(directory, "data", task, `${split}.json`), JSON.stringify(rows));
  }
  const options = { epochs: 1, batchSize: 2 };
  const config = {
    suite: "llava:data",
    model: writeTinyLlava(),
    out: "run",
    trainers: [
      { name: "frozen" },
      { name: "lora", options },
      { name: "replay", options: { ...options, bufferSize: 4 } },
    ],
  };
  writeFileSync(join(directory, "bench.json"), JSON.stringify(config));
  const { code, stderr } = await bench(["run", "--config", "bench.json", "--json", "--quiet"], directory);
  expect({ code, stderr: stderr.includes("✗") ? stderr : "" }).toEqual({ code: 0, stderr: "" });
  const run = JSON.parse(readFileSync(join(directory, "run/run.json"), "utf8"));
  expect(run.numerics).toMatch(/^onnx:.* libvips-[\d.]+$/);
  const costOf = (trainer: string) => {
    const { id } = run.cells.find((cell: { trainer: string }) => cell.trainer === trainer);
    return JSON.parse(readFileSync(join(directory, "run/cells", id, "cost.json"), "utf8"));
  };
  const smallest = Math.min(...names.map((name) => statSync(join(fixtures, name)).size));
  expect(costOf("replay").bufferBytes).toBeGreaterThan(smallest);
  expect(costOf("lora").bufferBytes).toBe(0);
  expect(costOf("lora").flops).toBeGreaterThan(costOf("frozen").flops);
  const kept = readdirSync(join(directory, "run/images")).sort();
  expect(kept).toEqual(names.map((name) => sha256(readFileSync(join(fixtures, name)))).sort());
  const page = readFileSync(join(directory, "run/report/index.html"), "utf8");
  for (const digest of kept) expect(page).toContain(`"${digest}":"data:image/webp;base64,`);
  const [question] = readFileSync(join(directory, "run/examples.jsonl"), "utf8").split("\n");
  expect(JSON.parse(question!).input).toMatch(/^\[image [0-9a-f]{12}\]\nWhich (form|kind)\?$/);
});
