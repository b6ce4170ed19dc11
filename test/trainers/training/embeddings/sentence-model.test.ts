import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { encode } from "../../../../trainers/engine/onnx/graph/encode.js";
import { Graph } from "../../../../trainers/engine/onnx/graph/graph.js";
import { gather } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { openModel } from "../../../../trainers/engine/onnx/open.js";
import { openEmbedder, ownStates } from "../../../../trainers/training/embeddings/open-embedder.js";
import { HubServer } from "../../../suites/hub/hub-server.js";
import { temporaryDirectory, tinyTokenizer, writeTinyModel } from "../../model/tiny-model.js";

const dimension = 3;
const vocabulary = 264;

/** The vector of a token, also what the model gives for it: its "states" are a table of its tokens. */
const rowOf = (token: number) => [Math.sin(token), Math.cos(3 * token), 1 / (1 + token)];

/** A directory with an ONNX model that looks up a row for each token, scaled where there is a second input. */
function writeSentenceModel(at = "model.onnx", inputs = ["input_ids", "attention_mask"], output = "last_hidden_state") {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "onnx"));
  const graph = new Graph();
  const [ids] = inputs.map((name) => graph.input(name, ["texts", "tokens"], "int64"));
  const table = graph.constant(Array.from({ length: vocabulary }, (_, token) => rowOf(token)).flat(), [
    vocabulary,
    dimension,
  ]);
  graph.output(output, gather(table, ids!));
  writeFileSync(join(directory, at), encode(graph));
  writeFileSync(join(directory, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
  return directory;
}

const anyModel = {} as Parameters<typeof openEmbedder>[1];

test.each([
  ["model.onnx", ["input_ids", "attention_mask"]],
  ["onnx/model.onnx", ["input_ids", "attention_mask", "token_type_ids"]],
])("%s with %j: the mean over the tokens, of length 1, whatever the companions", async (at, inputs) => {
  const embed = await openEmbedder(writeSentenceModel(at, inputs), anyModel);
  const texts = ["a", "the sun", "a moon in the tree"];
  const together = await embed(texts);
  for (const [index, text] of texts.entries()) {
    const [alone] = await embed([text]);
    expect(together[index]).toEqual(alone);
    expect(Math.hypot(...alone!)).toBeCloseTo(1, 6);
  }
  const ids = { a: 97, b: 98 };
  const [ab] = await embed(["ab"]);
  const mean = rowOf(ids.a).map((value, index) => (value + rowOf(ids.b)[index]!) / 2);
  mean.forEach((value, index) => void expect(ab![index]).toBeCloseTo(value / Math.hypot(...mean), 5));
});

test("a sentence model on the Hub is fetched with its ONNX file", async () => {
  const directory = writeSentenceModel("onnx/model.onnx");
  const file = (path: string) => ({ path, content: readFileSync(join(directory, path)) });
  const commit = "1234567890abcdef1234567890abcdef12345678";
  const server = new HubServer([
    { id: "models/owner/sentences", refs: { main: commit }, files: ["tokenizer.json", "onnx/model.onnx"].map(file) },
  ]);
  vi.stubEnv("HF_ENDPOINT", `${await server.start()}/`);
  vi.stubEnv("HF_HOME", temporaryDirectory());
  try {
    const fetched = await (await openEmbedder("hf://owner/sentences", anyModel))(["the sun"]);
    expect(fetched).toEqual(await (await openEmbedder(directory, anyModel))(["the sun"]));
  } finally {
    vi.unstubAllEnvs();
    await server.stop();
  }
});

test("a text beyond the model's positions loses its end", async () => {
  const directory = writeSentenceModel();
  writeFileSync(join(directory, "config.json"), JSON.stringify({ max_position_embeddings: 4 }));
  const embed = await openEmbedder(directory, anyModel);
  const [short, long] = await embed(["aaab", "aaaaaaaaaaaaab"]);
  expect(long).toEqual(short);
});

test.each([
  ["no ONNX file", (directory: string) => rmSync(join(directory, "model.onnx")), "There is no model.onnx"],
  ["no tokenizer", (directory: string) => rmSync(join(directory, "tokenizer.json")), "The file is missing"],
  ["a damaged file", (directory: string) => writeFileSync(join(directory, "model.onnx"), "x"), "cannot be opened"],
])("%s is MODEL_INVALID, with what to do", async (_, harm, message) => {
  const directory = writeSentenceModel();
  harm(directory);
  await expect(openEmbedder(directory, anyModel)).rejects.toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringContaining(message),
    fix: expect.any(String),
  });
});

test.each([
  [["input_ids", "pixels"], "last_hidden_state", 'asks for the input "pixels"'],
  [["input_ids"], "logits", 'has no output "last_hidden_state"'],
])("inputs %j and output %s do not fit", async (inputs, output, message) => {
  const directory = writeSentenceModel("model.onnx", inputs, output);
  await expect(openEmbedder(directory, anyModel)).rejects.toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringContaining(message),
  });
});

test("a path without a directory is MODEL_INVALID", async () => {
  await expect(openEmbedder("/nowhere", anyModel)).rejects.toMatchObject({ code: "MODEL_INVALID" });
});

test("without a reference the model's own states serve, with the weights that are named", async () => {
  const model = await openModel(writeTinyModel(), { device: "cpu", threads: 1, seed: 1 });
  const first = await model.snapshot();
  const texts = ["the sun", "", "a moon"];
  const before = await ownStates(model)(texts);
  for (const vector of before) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  await model.restore(await model.combine([0.5], [first]));
  expect(await ownStates(model)(texts)).not.toEqual(before);
  expect(await (await openEmbedder(null, model, first))(texts)).toEqual(before);
  await model.release();
});
