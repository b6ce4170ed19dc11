import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { loadRegistry } from "../../../harness/plugins.js";
import { planRun } from "../../../harness/run/plan/plan.js";
import { newDirectory } from "../../files.js";
import { HubServer } from "../../suites/hub/hub-server.js";
import { configure } from "./support.js";

const commit = "1234567890abcdef1234567890abcdef12345678";
const home = newDirectory();
const server = new HubServer([
  {
    id: "models/owner/sentences",
    refs: { main: commit },
    files: [{ path: "onnx/model.onnx", content: Buffer.from("onnx") }],
  },
]);

beforeAll(async () => {
  vi.stubEnv("HF_ENDPOINT", `${await server.start()}/`);
  vi.stubEnv("HF_HOME", home);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const specifiers = ["trainers", "suites"].map(
  (room) => new URL(`../../../dist/${room}/index.js`, import.meta.url).href,
);

const optionsOf = async (name: string, options: Record<string, unknown>) => {
  const config = configure(newDirectory(), {
    suite: { name: "trace-seq", options: {} },
    trainers: [{ label: "it", name, options }],
  });
  const { record } = await planRun(config, await loadRegistry(specifiers), specifiers);
  return record.trainers[0]!.options;
};

test("an embedder on the Hub is pinned to its commit in the options that make a cell's identity", async () => {
  expect(await optionsOf("ssr", { embedder: "hf://owner/sentences" })).toMatchObject({
    embedder: `hf://owner/sentences@${commit}`,
  });
  const composed = await optionsOf("composed", { use: ["ssr"], ssr: { embedder: "hf://owner/sentences@main" } });
  expect(composed).toMatchObject({ ssr: { embedder: `hf://owner/sentences@${commit}` } });
});

test("one in a directory stays as it is, and one that is not there ends the plan", async () => {
  expect(await optionsOf("ssr", { embedder: home })).toMatchObject({ embedder: home });
  expect(await optionsOf("ssr", {})).toMatchObject({ embedder: null });
  await expect(optionsOf("ssr", { embedder: join(home, "nowhere") })).rejects.toMatchObject({ code: "MODEL_INVALID" });
  await expect(optionsOf("ssr", { embedder: "hf://owner/absent" })).rejects.toMatchObject({ code: "HUB_UNAVAILABLE" });
});
