import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkInput } from "../../../../harness/app/check-input.js";
import { readGateSettings } from "../../../../harness/config/index.js";
import { packageRoot } from "../../../../harness/contract/files.js";
import type { RandomStream } from "../../../../harness/contract/random.js";
import { computeMetrics, readMatrix, resultReaders } from "../../../../harness/metrics/index.js";
import { embeddedModel } from "../../../files.js";
import { type Attack, type Kind, outcomeOf, restoring } from "../kind.js";
import { mutateBytes, mutateJson } from "../mutate.js";
import { context } from "../verbs.js";

/** Bytes of a file, changed as bytes or, where it is JSON, as a value; rarely something that is no file at all. */
function disturb(file: string, bytes: Buffer, draw: RandomStream): void {
  if (draw.integer(40) === 0) {
    rmSync(file, { recursive: true, force: true });
    const kind = draw.integer(3);
    if (kind === 0) execFileSync("mkfifo", [file]);
    else if (kind === 1) symlinkSync("/dev/zero", file);
    else mkdirSync(file);
    return;
  }
  const isJson = file.endsWith(".json") && draw.integer(2) === 0;
  writeFileSync(
    file,
    isJson ? JSON.stringify(mutateJson(JSON.parse(bytes.toString("utf8")), draw)) : mutateBytes(bytes, draw),
  );
}

/** Disturbs one of some files and reads it; all are read undisturbed before, since what is always refused tests nothing. */
async function disturbing(files: Record<string, string | Buffer>, read: (file: string) => unknown): Promise<Attack> {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  for (const file of Object.keys(files)) await read(file);
  return async (draw) => {
    const file = draw.pick(Object.keys(files));
    return restoring(file, (bytes) => {
      disturb(file, bytes, draw);
      return outcomeOf(`a changed ${file}`, () => read(file));
    });
  };
}

const config = `# a comment
suite: trace-seq
quick: true
model: ./model
trainers:
  - name: sequential
  - { name: replay, label: small }
seeds: [1, 2]
orders: 2
learning_rate: &rate { initial: 0.001 }
alerts: { task: { warning: 0.1, critical: 0.2 }, failOn: never }
metrics: [op, bwt]
gate: { baseline: main, margins: { op: 0.1, task:stance: 0.2 }, maxOrders: 5 }
`;

export const configurations: Kind = {
  name: "configuration",
  share: 10,
  async open(place) {
    const file = join(place, "bench.yaml");
    const json = join(place, "bench.json");
    const settings = {
      suite: "trace-seq",
      quick: true,
      trainers: ["frozen", { name: "ewc", label: "mine" }],
      seeds: 2,
    };
    cpSync(embeddedModel, join(place, "model"), { recursive: true });
    return disturbing({ [file]: config, [json]: JSON.stringify(settings) }, async (path) => {
      readGateSettings(path, {});
      await checkInput(path, { as: "config" }, context);
    });
  },
};

export const matrices: Kind = {
  name: "matrix",
  share: 10,
  async open(place) {
    const at = (name: string) => join(place, name);
    const files = {
      [at("matrix.json")]: JSON.stringify({
        tasks: ["a", "b"],
        rows: [
          [0.1, 0.2],
          [0.5, null],
          [0.4, 0.9],
        ],
      }),
      [at("matrix.csv")]: "after,a,b\n0,0.1,0.2\n1,0.5,NaN\n2,40%,0.9\n",
      [at("matrix.txt")]: "0.1 0.2\n0.5 0.3\n0.4 0.9\n",
      [at("gem.txt")]: "0.1 0.2\n|\n0.5 0.3\n0.4 0.9\n\nsummary",
      [at("logs.pyd")]: "{'accuracy_1_task1': 50.0, 'accuracy_1_task2': 40.0, 'accuracy_2_task2': 90.0}\n",
      [at("avalanche.csv")]:
        "eval_exp,training_exp,eval_accuracy,eval_loss,forgetting\n0,0,0.5,1,0\n1,0,0.2,1,0\n0,1,0.4,1,0.1\n1,1,0.9,1,0\n",
      [at("trace/results-0-0-A.json")]: JSON.stringify({ eval: { accuracy: 0.5 }, labels: ["x", "y"] }),
      [at("trace/results-1-0-A.json")]: JSON.stringify({ eval: { "rouge-L": 0.4 }, labels: [] }),
      [at("trace/results-1-1-B.json")]: JSON.stringify({ eval: { sari: [{ sari: 40 }] } }),
    };
    return disturbing(files, (file) => {
      const reader = Object.entries({ gem: "gem", logs: "mammoth", avalanche: "avalanche" }).find(([start]) =>
        file.startsWith(at(start)),
      )?.[1] as "gem" | "mammoth" | "avalanche" | undefined;
      const isTrace = file.startsWith(at("trace"));
      const matrix = isTrace ? resultReaders.trace(at("trace")) : (reader ? resultReaders[reader] : readMatrix)(file);
      return computeMetrics(matrix);
    });
  },
};

export const data: Kind = {
  name: "data",
  share: 7,
  async open(place) {
    const rows = (from: number) =>
      Array.from({ length: 6 }, (_, index) => ({
        prompt: `question ${from + index}`,
        answer: index % 2 ? "yes" : "no",
      }));
    const directory = join(place, "data");
    const at = (name: string) => join(directory, name);
    const parquet = join(packageRoot, "test", "fixtures", "parquet", "snappy.parquet");
    const lines = (from: number) =>
      rows(from)
        .map((row) => JSON.stringify(row))
        .join("\n");
    const files = {
      [at("one/train.jsonl")]: lines(0),
      [at("one/test.jsonl")]: lines(10),
      [at("two/train.json")]: JSON.stringify(rows(20)),
      [at("two/test.json")]: JSON.stringify(rows(30)),
      [at("three/train.csv")]: "prompt,answer\na,yes\nb,no\n",
      [at("three/test.csv")]: 'prompt,answer\n"c, d",yes\ne,no\n',
      [at("four/train.json")]: JSON.stringify({ Definition: ["say"], Instances: [{ input: "a", output: ["b"] }] }),
      [at("four/test.json")]: JSON.stringify({ Definition: ["say"], Instances: [{ input: "c", output: ["d"] }] }),
      [at("suite.yaml")]: "title: mine\ntasks:\n  one: { title: One }\norders:\n  first: [one, two, three, four]\n",
      [join(place, "parquet", "only", "train.parquet")]: readFileSync(parquet),
      [join(place, "parquet", "only", "test.parquet")]: readFileSync(parquet),
    };
    return disturbing(files, (file) => {
      const root = file.startsWith(directory) ? directory : join(place, "parquet");
      return checkInput(root, { as: "data", suite: "folder" }, context);
    });
  },
};

export const models: Kind = {
  name: "model",
  share: 4,
  async open(place) {
    const source = embeddedModel;
    const model = join(place, "model");
    const names = readdirSync(source).filter((name) => name !== "README.md");
    const files = Object.fromEntries(names.map((name) => [join(model, name), readFileSync(join(source, name))]));
    return disturbing(files, () => checkInput(model, { as: "model" }, context));
  },
};

const lmEvalTask = `task: capitals
dataset_path: json
dataset_kwargs: { data_files: { train: train.jsonl, test: test.jsonl } }
training_split: train
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}} Answer:"
doc_to_choice: ["yes", "no"]
doc_to_target: "{{answer}}"
num_fewshot: 1
fewshot_config: { sampler: first_n }
metric_list: [{ metric: acc }]
metadata: { version: 1 }
`;

/** Values that name code: none may be taken for a plain value. */
const codeTags = ["!function utils.run", "!!js/function 'x'", "!!python/object/apply:os.system [touch ran]"];

export const lmEvalTasks: Kind = {
  name: "lm_eval task",
  share: 5,
  async open(place) {
    const at = (name: string) => join(place, "tasks", name);
    const documents = (from: number) =>
      Array.from({ length: 4 }, (_, index) =>
        JSON.stringify({ question: `q ${from + index}`, answer: index % 2 }),
      ).join("\n");
    const files = {
      [at("capitals.yaml")]: lmEvalTask,
      [at("train.jsonl")]: documents(0),
      [at("test.jsonl")]: documents(10),
    };
    const read = () => checkInput(join(place, "tasks"), { as: "data", suite: "lm_eval" }, context);
    const disturbed = await disturbing(files, read);
    writeFileSync(at("utils.py"), "def run(*_): open('ran', 'w')\n");
    return async (draw) => {
      if (draw.integer(4) > 0) return disturbed(draw);
      return restoring(at("capitals.yaml"), async () => {
        const lines = lmEvalTask.split("\n");
        const index = draw.integer(lines.length - 1);
        lines[index] = lines[index]!.replace(/: .*/, () => `: ${draw.pick(codeTags)}`);
        writeFileSync(at("capitals.yaml"), lines.join("\n"));
        const outcome = await outcomeOf(lines[index]!, read);
        if (outcome.ending !== "accepted") return outcome;
        return { ending: "undetected", detail: `a tag that names code was taken for a value: ${lines[index]}` };
      });
    };
  },
};
