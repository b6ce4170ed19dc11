import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { saveAdapter } from "../../../trainers/model/peft.js";
import { writeSafetensors } from "../../../trainers/model/safetensors.js";
import { newDirectory } from "../../files.js";
import { writeTinyModel } from "../../trainers/model/tiny-model.js";

const place = newDirectory();

type Changes = Record<string, unknown>;

/** Changes members of a JSON file, inside others by a dotted path. */
function change(file: string, changes: Changes): void {
  const content = JSON.parse(readFileSync(file, "utf8"));
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const parent = keys.slice(0, -1).reduce((object, key) => object[key], content);
    parent[keys.at(-1)!] = value;
  }
  // a number that JSON.stringify cannot write
  writeFileSync(file, JSON.stringify(content).replaceAll('"1e999"', "1e999"));
}

const config = (changes: Changes) => (directory: string) => change(join(directory, "config.json"), changes);
const tokenizer = (changes: Changes) => (directory: string) => change(join(directory, "tokenizer.json"), changes);
const pattern = (Regex: string) =>
  tokenizer({ pre_tokenizer: { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false } });
const template = (text: string) => (directory: string) => writeFileSync(join(directory, "chat_template.jinja"), text);

/** A safetensors file with that header, which says that it has so many bytes, in a file of that size. */
const weights =
  (header: unknown, options: { length?: bigint; size?: number } = {}) =>
  (directory: string) => {
    const file = join(directory, "model.safetensors");
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(options.length ?? BigInt(text.length));
    writeFileSync(file, Buffer.concat([length, text]));
    if (options.size !== undefined) truncateSync(file, options.size); // takes no space on the disk
  };

const adapter =
  (changes: Changes, shape: [number, number] = [1, 4]) =>
  (directory: string) => {
    const own = join(directory, "adapter");
    mkdirSync(own);
    const names = ["A", "B", "E"].map((part) => `base_model.model.model.layers.0.self_attn.q_proj.lora_${part}`);
    saveAdapter(own, { rank: 1, alpha: 1, dropout: 0, targetModules: ["q_proj"] }, []);
    const values = new Float32Array(shape[0] * shape[1]);
    writeSafetensors(
      join(own, "adapter_model.safetensors"),
      names.map((name) => ({ name, shape, values })),
    );
    change(join(own, "adapter_config.json"), changes);
  };
const adaptive = { peft_type: "ADALORA", target_r: 1, init_r: 1 };

const embedding = "model.embed_tokens.weight";
const terabytes = { dtype: "F32", shape: [1e6, 1e6], data_offsets: [0, 4e12] };

const attacks: Record<string, (directory: string) => void> = {
  "an id of 1e9 in the vocabulary": tokenizer({ "model.vocab.zz": 1e9 }),
  "an added token of id 1e9": tokenizer({ added_tokens: [{ id: 1e9, content: "x", special: true }] }),
  "a negative id": tokenizer({ "model.vocab.zz": -1 }),
  "an id that is a text": tokenizer({ "model.vocab.zz": "7" }),
  "a pattern with nested repetition": pattern("(a+)+$"),
  "a pattern with alternatives that overlap": pattern("(?:a|a|aa)*b"),
  "a pattern of spaces": pattern("(\\s*)*x"),
  "replacements that grow without an end": tokenizer({
    normalizer: {
      type: "Sequence",
      normalizers: Array(60).fill({ type: "Replace", pattern: { String: "a" }, content: "aa" }),
    },
  }),
  "a template that loops": template(
    "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
  ),
  "an architecture that is a member of every object": config({ architectures: ["toString"] }),
  "num_hidden_layers of 1e8": config({ num_hidden_layers: 1e8 }),
  "num_hidden_layers of 1e308": config({ num_hidden_layers: 1e308 }),
  "hidden_size of 1e308": config({ hidden_size: 1e308, head_dim: 2 }),
  "max_position_embeddings of 1e308": config({ max_position_embeddings: 1e308 }),
  "vocab_size of 1e15": config({ vocab_size: 1e15 }),
  "an infinite rms_norm_eps": config({ rms_norm_eps: "1e999" }),
  "a header of terabytes": weights({}, { length: 4_000_000_000_000n }),
  "a header of terabytes in a file of terabytes": weights({}, { length: 4_000_000_000_000n, size: 5e12 }),
  "a header of 2^64 bytes": weights({}, { length: 2n ** 64n - 1n }),
  "offsets that overlap": weights(
    {
      a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      b: { dtype: "F32", shape: [2], data_offsets: [4, 12] },
    },
    { size: 1000 },
  ),
  "offsets beyond the file": weights({ a: { dtype: "F32", shape: [1e9], data_offsets: [0, 4e9] } }),
  "a shape whose product is no number": weights({
    a: { dtype: "F32", shape: [1e15, 1e15, 1e15, 1e300], data_offsets: [0, 4] },
  }),
  "a tensor of terabytes": (directory) => {
    config({ vocab_size: 1e6, hidden_size: 1e6, num_hidden_layers: 1, head_dim: 2 })(directory);
    weights(
      { [embedding]: terabytes, "lm_head.weight": { ...terabytes, data_offsets: [4e12, 8e12] } },
      { size: 9e12 },
    )(directory);
  },
  "a tokenizer of a gigabyte": (directory) => truncateSync(join(directory, "tokenizer.json"), 1e9),
  "a rank of 1e308": adapter({ r: 1e308 }),
  "a rank of 1e308 of AdaLoRA": adapter({ ...adaptive, init_r: 1e308 }),
  "a rank of 65536 for a file of a few bytes": adapter({ ...adaptive, init_r: 65_536 }, [1, 100_000]),
  "a rank_pattern that is none": adapter({ ...adaptive, rank_pattern: { a: 7 } }),
  "an infinite lora_alpha": adapter({ lora_alpha: "1e999" }),
};

interface Outcome {
  code: string;
  message: string;
  /** Of the processor: the machine may be busy, and what is broken off then is tried again. */
  seconds: number;
  /** The most that this process has had so far, in bytes. */
  peak: number;
}

/** Opens each directory in one process, as `bench validate` does, and says how each went. */
const opener = `
const [models, directories] = process.argv.slice(1);
const { llamaFormat, adapterFormat } = await import(models);
const outcomes = {};
const spent = (start) => Object.values(process.cpuUsage(start)).reduce((sum, each) => sum + each) / 1e6;
for (const [name, place, isAdapter] of JSON.parse(directories)) {
  const start = process.cpuUsage();
  const format = isAdapter ? adapterFormat : llamaFormat;
  const { code, message } = await format.inspect(place).then(() => ({ code: "fine", message: "" }), (error) => error);
  outcomes[name] = { code: code ?? "none", message, seconds: spent(start), peak: process.resourceUsage().maxRSS * 1024 };
}
console.log(JSON.stringify(outcomes));`;

let outcomes: Record<string, Outcome>;

beforeAll(async () => {
  const model = writeTinyModel(undefined, 1, join(place, "model"));
  const cases: [string, string, boolean][] = [["nothing", model, false]];
  for (const [index, [name, attack]] of Object.entries(attacks).entries()) {
    const directory = join(place, String(index));
    cpSync(model, directory, { recursive: true });
    attack(directory);
    const isAdapter = /rank|lora/.test(name);
    cases.push([name, isAdapter ? `${directory}::${join(directory, "adapter")}` : directory, isAdapter]);
  }
  const models = new URL("../../../dist/trainers/model-formats.js", import.meta.url).href;
  const words = ["--input-type=module", "--eval", opener, models, JSON.stringify(cases)];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: packageRoot });
  outcomes = JSON.parse(stdout);
});

test("the model itself opens", () => {
  expect(outcomes.nothing).toMatchObject({ code: "fine" });
});

test.each(Object.keys(attacks))("%s is an error with a code, within seconds and 200 MB", (name) => {
  const { code, message, seconds, peak } = outcomes[name]!;
  expect({ code, message }).toEqual({ code: "MODEL_INVALID", message: expect.any(String) });
  expect(seconds).toBeLessThan(20);
  expect(peak - outcomes.nothing!.peak).toBeLessThan(200e6);
});
