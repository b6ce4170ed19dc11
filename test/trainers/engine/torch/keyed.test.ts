import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { random } from "../../../../harness/contract/random.js";
import { pythonPath } from "../../../../trainers/engine/torch/child.js";
import { python } from "../../../python.js";

test("random numbers are those of the harness, number for number", () => {
  const keys = ["a", "中文", "task/synthetic/3", "🙂", ""].flatMap((item, step) =>
    [0, 7, 4294967295].map((seed) => ({ seed, stream: "sampling", item, step, task: 3 * step })),
  );
  const script = [
    "import json, sys",
    "from itertools import islice",
    "from bench_torch.keyed import uniforms",
    "print(json.dumps([list(islice(uniforms(**key), 3)) for key in json.load(sys.stdin)]))",
  ].join("\n");
  const { stdout, stderr } = spawnSync(python, ["-B", "-c", script], {
    input: JSON.stringify(keys),
    env: { ...process.env, PYTHONPATH: pythonPath },
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  const streams = keys.map(random);
  expect(JSON.parse(stdout)).toEqual(streams.map((stream) => [stream.uniform(), stream.uniform(), stream.uniform()]));
});
