import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { readConfig, resolveConfig } from "../../../harness/config/index.js";
import { checkOptions } from "../../../harness/config/options.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { trainers } from "../../../trainers/methods/catalog.js";
import { newDirectory } from "../../files.js";
import { byName, learnAll } from "./rig.js";

/** As the design writes it. */
const written = {
  learning_rate: { initial: 1e-5, decay_factor: 0.8, warmup_steps: 100 },
  regularization: { ewc_lambda: 0.01, elastic_beta: 0.1 },
  data_mixing: { new_ratio: 0.2, buffer_size: 1000 },
};
const composed = byName(trainers, "composed");
const ratesOf = async (learning_rate: object) => {
  const { reports } = await learnAll(byName(trainers, "sequential"), {
    steps: 3,
    schedule: "constant",
    profile: { learning_rate },
  });
  return reports.map(({ curve }) => curve.map(({ learningRate }) => Number(learningRate.toPrecision(6))));
};

test("it is accepted as written by every trainer that trains, and runs", async () => {
  for (const trainer of trainers.filter(({ schedule }) => schedule !== "once")) {
    expect(() => checkOptions(trainer.options, { profile: written }, trainer.name)).not.toThrow();
  }
  const { reports, buffer } = await learnAll(composed, { profile: written });
  expect(buffer.capacity).toBe(1000);
  expect(reports[0]!.notes.lambda).toBe(0.01);
});

test("learning_rate: initial, decay_factor and warmup_steps are what they say", async () => {
  const warm = { initial: 1e-3, decay_factor: 1, warmup_steps: 0 };
  expect(await ratesOf(warm)).toEqual([
    [1e-3, 1e-3, 1e-3],
    [1e-3, 1e-3, 1e-3],
    [1e-3, 1e-3, 1e-3],
  ]);
  expect((await ratesOf({ ...warm, initial: 2e-3 }))[0]).toEqual([2e-3, 2e-3, 2e-3]);
  expect((await ratesOf({ ...warm, decay_factor: 0.8 })).map(([rate]) => rate)).toEqual([1e-3, 8e-4, 6.4e-4]);
  expect((await ratesOf({ ...warm, warmup_steps: 100 }))[0]).toEqual([1e-5, 2e-5, 3e-5]);
});

test("ewc_lambda is the λ of EWC in its gradient form", async () => {
  const digestOf = async (profile: object) => (await learnAll(composed, { profile })).learner.answerDigest!();
  const asEwc = await learnAll(byName(trainers, "ewc"), { form: "gradient", lambda: 0.05 });
  expect(await digestOf({ regularization: { ewc_lambda: 0.05 } })).toBe(await asEwc.learner.answerDigest!());
  expect(await digestOf({ regularization: { ewc_lambda: 0.1 } })).not.toBe(await asEwc.learner.answerDigest!());
});

test("elastic_beta is the rate at which λ moves toward what the similarity of tasks asks for", async () => {
  const lambdas = async (elastic_beta: number) => {
    const { reports } = await learnAll(composed, { profile: { regularization: { ewc_lambda: 0.1, elastic_beta } } });
    return reports.map(({ notes }) => ({
      lambda: notes.lambda as number,
      similarity: notes["similarity to earlier tasks"] as number | undefined,
    }));
  };
  const still = await lambdas(0);
  expect(still.map(({ lambda }) => lambda)).toEqual([0.1, 0.1, 0.1]);
  const moved = await lambdas(0.5);
  const target = (similarity: number) => 0.1 * 0.01 ** similarity;
  expect(moved[0]).toEqual({ lambda: 0.1, similarity: undefined });
  expect(moved[1]!.lambda).toBeCloseTo(0.1 + 0.5 * (target(moved[1]!.similarity!) - 0.1), 12);
  const expected = moved[1]!.lambda + 0.5 * (target(moved[2]!.similarity!) - moved[1]!.lambda);
  expect(moved[2]!.lambda).toBeCloseTo(expected, 12);
  for (const { lambda } of [...moved, ...(await lambdas(1))]) {
    expect(lambda).toBeGreaterThanOrEqual(0.001);
    expect(lambda).toBeLessThanOrEqual(0.1);
  }
});

test("new_ratio and buffer_size are those of replay", async () => {
  const digest = async (name: string, options: object) => {
    const { learner, buffer } = await learnAll(byName(trainers, name), { ...options });
    return [await learner.answerDigest!(), buffer.items().length];
  };
  const mixed = await digest("composed", { profile: { data_mixing: { new_ratio: 0.2, buffer_size: 5 } } });
  expect(mixed).toEqual(await digest("replay", { newRatio: 0.2, bufferSize: 5 }));
  expect(mixed[1]).toBe(5);
  const other = await digest("composed", { profile: { data_mixing: { new_ratio: 0.8, buffer_size: 5 } } });
  expect(other[0]).not.toBe(mixed[0]);
  const running = { from: 0.9, to: 0.3 };
  expect(await digest("composed", { profile: { data_mixing: { new_ratio: running } } })).toEqual(
    await digest("replay", { newRatio: running }),
  );
  expect(await digest("composed", { profile: { data_mixing: { sampling: "importance" } } })).toEqual(
    await digest("replay", { sampling: "loss" }),
  );
});

test("a section on a method leaves trainers without that method as they are", async () => {
  const { regularization, data_mixing } = written;
  const plain = await learnAll(byName(trainers, "sequential"), {});
  const profiled = await learnAll(byName(trainers, "sequential"), { profile: { regularization, data_mixing } });
  expect(await profiled.learner.answerDigest!()).toBe(await plain.learner.answerDigest!());
});

describe("in a configuration file, as the design writes it", async () => {
  const rooms = ["trainers", "suites"].map((room) => pathToFileURL(join(packageRoot, "dist", room, "index.js")).href);
  const registry = await loadRegistry(rooms);
  const profile = [
    "learning_rate: {initial: 1e-5, decay_factor: 0.8, warmup_steps: 100}",
    "regularization: {ewc_lambda: 0.01, elastic_beta: 0.1}",
    "data_mixing: {new_ratio: 0.2, buffer_size: 1000}",
  ].join("\n");

  // The similarity of tasks is the model's as trained so far, so that rates reach a λ that moves: distinguishing keys is tested on one that does not.
  const still = profile.replace("elastic_beta: 0.1", "elastic_beta: 0");

  /** What a run of three tasks shows of the profile; numbers to four digits. */
  async function observed(text: string) {
    const file = join(newDirectory(), "bench.yaml");
    const options = "{steps: 3, batchSize: 4, schedule: constant}";
    writeFileSync(file, `suite: trace-seq\n${text}\ntrainers: [{name: composed, options: ${options}}]\n`);
    const [entry] = resolveConfig(readConfig(file, {}), registry).trainers;
    const { reports, buffer, learner } = await learnAll(registry.trainer(entry!.name), entry!.options);
    const rounded = (value: unknown) => Number((value as number).toPrecision(4));
    return {
      rates: reports.map(({ curve }) => curve.map(({ learningRate }) => rounded(learningRate))),
      lambdas: reports.map(({ notes }) => rounded(notes.lambda)),
      similarity: rounded(reports[1]!.notes["similarity to earlier tasks"]),
      capacity: buffer.capacity,
      digest: await learner.answerDigest!(),
    };
  }

  test("every key reaches the run", async () => {
    const { rates, lambdas, similarity, capacity } = await observed(profile);
    expect(rates).toEqual([
      [1e-7, 2e-7, 3e-7],
      [8e-8, 1.6e-7, 2.4e-7],
      [6.4e-8, 1.28e-7, 1.92e-7],
    ]);
    expect(lambdas[0]).toBe(0.01);
    expect(lambdas[1]).toBeCloseTo(0.01 + 0.1 * (0.1 * 0.01 ** similarity - 0.01), 5);
    expect(capacity).toBe(1000);
  });

  test.each([
    ["initial", "initial: 1e-5", "initial: 2e-5", "rates"],
    ["decay_factor", "decay_factor: 0.8", "decay_factor: 0.5", "rates"],
    ["warmup_steps", "warmup_steps: 100", "warmup_steps: 10", "rates"],
    ["ewc_lambda", "ewc_lambda: 0.01", "ewc_lambda: 0.1", "lambdas"],
    ["elastic_beta", "elastic_beta: 0", "elastic_beta: 0.1", "lambdas"],
    ["buffer_size", "buffer_size: 1000", "buffer_size: 5", "capacity"],
  ] as const)("%s changes what it names and none of the rest", async (_, from, to, changed) => {
    const before = await observed(still);
    const after = await observed(still.replace(from, to));
    const differing = (["rates", "lambdas", "capacity"] as const).filter(
      (key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]),
    );
    expect(differing).toEqual([changed]);
  });

  test("new_ratio changes what is trained, and neither rates, λ nor the buffer", async () => {
    const { digest, similarity, ...before } = await observed(still);
    const {
      digest: other,
      similarity: _,
      ...after
    } = await observed(still.replace("new_ratio: 0.2", "new_ratio: 0.8"));
    expect(other).not.toBe(digest);
    expect(after).toEqual(before);
  });
});
