import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addVersion } from "../../harness/app/registry/add-version.js";
import { collectGarbage, moveAlias, restoreAlias } from "../../harness/app/registry/aliases.js";
import { actOnRollout, armFor, intervene, observe, readRollout, startRollout } from "../../harness/app/rollout.js";
import { random } from "../../harness/contract/random.js";
import type { Arm, Observation, RolloutMetric } from "../../harness/contract/rollout.js";
import { findVersion, ModelRegistry } from "../../harness/registry/model-registry.js";
import { Scales } from "../../harness/rollout/evidence.js";
import { readPolicy } from "../../harness/rollout/policy.js";
import { RolloutLog } from "../../harness/rollout/rollout-log.js";
import { armOf } from "../../harness/rollout/split.js";
import { Router } from "../../harness/serve/router.js";
import { rooms } from "../../rooms.js";
import { embeddedModel, newDirectory } from "../files.js";

const rule: RolloutMetric = { margin: 0.05, range: [0, 1], lowerIsBetter: false, critical: false };

/** Answers that are right with a probability for each arm, as they arrive while the candidate has a share. */
function* traffic(seed: number, count: number, share: number, right: Record<Arm, number>): Generator<Observation> {
  const stream = random({ seed, stream: "traffic" });
  for (let request = 0; request < count; request++) {
    const arm: Arm = stream.uniform() < share ? "candidate" : "champion";
    yield { arm, metric: "resolved", value: stream.uniform() < right[arm] ? 1 : 0 };
  }
}

/** Shares of simulated rollouts in which the bets against a good and a bad candidate are ever won. */
function won(simulations: number, requests: number, right: Record<Arm, number>, metric = rule) {
  const counts = { worse: 0, notWorse: 0 };
  for (let seed = 0; seed < simulations; seed++) {
    const scales = new Scales(metric);
    const ever = { worse: false, notWorse: false };
    const arrived = new Set<Arm>();
    for (const observation of traffic(seed, requests, 0.2, right)) {
      scales.add(observation);
      arrived.add(observation.arm);
      if (arrived.size < 2) continue; // the evidence changes with a pair of both arms, and is read after each
      arrived.clear();
      const { worse, notWorse } = scales.evidence;
      ever.worse ||= worse >= 20;
      ever.notWorse ||= notWorse >= 20;
    }
    counts.worse += Number(ever.worse);
    counts.notWorse += Number(ever.notWorse);
  }
  return { worse: counts.worse / simulations, notWorse: counts.notWorse / simulations };
}

describe("evidence that may be read after every request", () => {
  test("an equal candidate is taken for worse in at most 5%, one worse by the margin for good in at most 5%", () => {
    expect(won(200, 4000, { candidate: 0.8, champion: 0.8 }, { ...rule, critical: true }).worse).toBeLessThan(0.09);
    expect(won(200, 4000, { candidate: 0.75, champion: 0.8 }).notWorse).toBeLessThan(0.09); // 5% and three standard errors
  });

  test("large differences are found", () => {
    expect(won(30, 2000, { candidate: 0.5, champion: 0.8 }).worse).toBe(1);
    expect(won(20, 12_000, { candidate: 0.8, champion: 0.8 }).notWorse).toBeGreaterThan(0.9);
  });

  test("the mirrored metric gives the mirrored evidence (a law)", () => {
    const values = fc.array(
      fc.record({
        arm: fc.constantFrom<Arm>("candidate", "champion"),
        value: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(values, (rows) => {
        const observations = rows.map((row) => ({ ...row, metric: "m" }));
        const mirrored = observations.map((row) => ({ ...row, value: 1 - row.value }));
        const weigh = (rows: Observation[], metric: RolloutMetric) => {
          const scales = new Scales(metric);
          for (const row of rows) scales.add(row);
          return scales.evidence;
        };
        const [one, other] = [weigh(observations, rule), weigh(mirrored, { ...rule, lowerIsBetter: true })];
        expect(other.pairs).toBe(one.pairs);
        expect(other.worse).toBeCloseTo(one.worse, 6);
        expect(other.notWorse).toBeCloseTo(one.notWorse, 6);
      }),
    );
  });
});

test("a request has the same arm at any larger share (a law), and shares are met", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (id, a, b) => {
        if (armOf(id, "salt", Math.min(a, b)) === "candidate")
          expect(armOf(id, "salt", Math.max(a, b))).toBe("candidate");
      },
    ),
  );
  const candidates = Array.from({ length: 20_000 }, (_, id) => armOf(`${id}`, "salt", 10)).filter(
    (arm) => arm === "candidate",
  );
  expect(candidates.length).toBeGreaterThan(1800);
  expect(candidates.length).toBeLessThan(2200);
});

describe("a rollout", () => {
  let model: string;
  let options: { registry: string; by: string; policy: string };

  beforeAll(async () => {
    const place = newDirectory();
    cpSync(embeddedModel, join(place, "better"), { recursive: true });
    writeFileSync(join(place, "better", "README.md"), "better");
    model = join(place, "registry");
    for (const checkpoint of [embeddedModel, join(place, "better")]) {
      await addVersion("support", checkpoint, { registry: model, by: "tester" }, { builtIns: rooms });
    }
    await moveAlias("support@1", "champion", { registry: model, by: "tester" });
  });

  beforeEach(async () => {
    const place = newDirectory();
    cpSync(model, join(place, "registry"), { recursive: true });
    writeFileSync(
      join(place, "policy.yaml"),
      "steps: [10, 50]\nminimum: 50\npatience: 4000\nmetrics:\n  resolved: { margin: 0.1 }\n  refused: { margin: 0.1, lowerIsBetter: true, critical: true }\n",
    );
    options = { registry: join(place, "registry"), by: "tester", policy: join(place, "policy.yaml") };
    await startRollout("support@2", options);
  });

  /** Requests that are split as the rollout says, with the share of right answers of each arm. */
  const serve = async (count: number, right: Record<Arm, number>, refused: Record<Arm, number>, from = 0) => {
    const stream = random({ seed: from, stream: "answers" });
    const { rollout, percent } = readRollout("support", options);
    const lines = Array.from({ length: count }, (_, request) => {
      const arm = armOf(`${from + request}`, rollout.salt, percent);
      const bit = (probability: number) => (stream.uniform() < probability ? 1 : 0);
      return [
        { arm, metric: "resolved", value: bit(right[arm]) },
        { arm, metric: "refused", value: bit(refused[arm]) },
      ].map((row) => JSON.stringify(row));
    });
    return observe("support", lines.flat(), options);
  };
  const champion = () => findVersion(new ModelRegistry(options.registry).read(), "support@champion").version.version;

  test("of a good candidate goes from step to step, promotes it, and can go back", async () => {
    const equal = { candidate: 0.8, champion: 0.8 };
    const few = { candidate: 0.02, champion: 0.02 };
    expect((await actOnRollout("support", options)).decision).toMatchObject({ action: "wait" });
    await serve(900, equal, few);
    expect(await actOnRollout("support", options)).toMatchObject({ decision: { action: "advance" }, percent: 50 });
    let done = await actOnRollout("support", options);
    for (let round = 1; done.decision.action === "wait" && round < 9; round++) {
      await serve(600, equal, few, 1000 * round);
      done = await actOnRollout("support", options);
    }
    expect(done).toMatchObject({ decision: { action: "promote" }, percent: 100, rollout: { phase: "promoted" } });
    expect(champion()).toBe(2);
    await expect(serve(1, equal, few)).rejects.toMatchObject({ code: "USAGE" });
    expect(await intervene("support", "rolled-back", { ...options, reason: "complaints" })).toMatchObject({
      percent: 0,
    });
    expect(champion()).toBe(1);
  });

  test("of a candidate that refuses more ends at once, and nobody gets it any more", async () => {
    await serve(1500, { candidate: 0.9, champion: 0.8 }, { candidate: 0.3, champion: 0.02 });
    const done = await actOnRollout("support", options);
    expect(done).toMatchObject({ decision: { action: "roll back", reason: "refused is worse" }, percent: 0 });
    expect(champion()).toBe(1);
    expect(armFor("support", "anybody", options)).toBe("champion");
    await expect(actOnRollout("support", options)).rejects.toMatchObject({ code: "USAGE" });
  });

  test("pauses, goes on, is aborted; a second one does not start beside it", async () => {
    await expect(startRollout("support@2", options)).rejects.toMatchObject({ code: "USAGE" });
    expect(await intervene("support", "paused", options)).toMatchObject({ percent: 10, rollout: { phase: "paused" } });
    await expect(intervene("support", "paused", options)).rejects.toMatchObject({ code: "USAGE" });
    await intervene("support", "resumed", options);
    expect(await intervene("support", "aborted", options)).toMatchObject({ percent: 0 });
    expect(await startRollout("support@2", options)).toMatchObject({ percent: 10 });
    expect(existsSync(join(options.registry, "rollouts", "support", "2.jsonl"))).toBe(true);
  });

  test("a log that a killed process left without its first event is no rollout, and is used by the next", async () => {
    writeFileSync(join(options.registry, "rollouts", "support", "2.jsonl"), '{"sequence":0,"che');
    expect(readRollout("support", options).rollout).toMatchObject({ phase: "canary", candidate: 2 });
    await intervene("support", "aborted", options);
    expect(await startRollout("support@2", options)).toMatchObject({ percent: 10, rollout: { phase: "canary" } });
    expect(readdirSync(join(options.registry, "rollouts", "support")).sort()).toEqual(["1.jsonl", "2.jsonl"]);
  });

  test("a first log without its first event is no rollout either: a server starts, and the next rollout uses it", async () => {
    const directory = join(options.registry, "rollouts", "support");
    writeFileSync(join(directory, "1.jsonl"), '{"sequence":0,"che');
    const failed: Error[] = [];
    const router = new Router(
      options.registry,
      ["support"],
      (error) => failed.push(error),
      () => {},
    );
    expect([router.rollout("support"), failed]).toEqual([undefined, []]);
    expect(router.route("support", "user")).toEqual({ name: "support", version: 1 });
    expect(() => readRollout("support", options)).toThrow(expect.objectContaining({ code: "UNKNOWN_NAME" }));
    expect(await startRollout("support@2", options)).toMatchObject({ percent: 10, rollout: { phase: "canary" } });
    expect(readdirSync(directory)).toEqual(["1.jsonl"]);
  });

  test("the versions of a live rollout are no garbage, and are when it is over", async () => {
    const third = join(options.registry, "..", "third");
    cpSync(embeddedModel, third, { recursive: true });
    writeFileSync(join(third, "README.md"), "third");
    await addVersion("support", third, options, { builtIns: rooms });
    const old = async () => (await collectGarbage({ ...options, keep: 1, dryRun: true })).versions;
    expect(await old()).toEqual([]);
    await intervene("support", "aborted", options);
    expect(await old()).toEqual([{ name: "support", version: 2 }]);
  });

  test.each([false, true])("interrupted in its promotion (alias moved: %s), it is completed", async (moved) => {
    const reason = { at: "2026-01-01T00:00:00.000Z", by: "tester", reason: "" };
    await new RolloutLog(options.registry, "support").append(() => [{ type: "promoting", ...reason }]);
    if (moved) await moveAlias("support@2", "champion", options);
    expect(await actOnRollout("support", options)).toMatchObject({ decision: { action: "promote" }, percent: 100 });
    expect(champion()).toBe(2);
  });

  test("of many that would complete a promotion one does, and who aborts it meanwhile leaves the champion", async () => {
    const reason = { at: "2026-01-01T00:00:00.000Z", by: "tester", reason: "" };
    const events = () => readFileSync(join(options.registry, "log.jsonl"), "utf8").split("alias-moved").length;
    const before = events();
    await new RolloutLog(options.registry, "support").append(() => [{ type: "promoting", ...reason }]);
    const acts = Array.from({ length: 4 }, () => actOnRollout("support", options));
    const ended = await Promise.allSettled([...acts, intervene("support", "aborted", options)]);
    const { phase, history } = readRollout("support", options).rollout;
    expect(["promoted", "aborted"]).toContain(phase);
    expect(champion()).toBe(phase === "promoted" ? 2 : 1);
    expect(events() - before).toBe(phase === "promoted" ? 1 : 0);
    expect(history.filter(({ type }) => type === "promoted" || type === "aborted")).toHaveLength(1);
    for (const each of ended) if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "USAGE" });
  });

  test("if somebody else moved the champion meanwhile, it does not promote over that", async () => {
    const reason = { at: "2026-01-01T00:00:00.000Z", by: "tester", reason: "" };
    await moveAlias("support@2", "champion", options);
    await restoreAlias("support", "champion", options);
    await addVersion("support", embeddedModel, options, { builtIns: rooms });
    await new RolloutLog(options.registry, "support").append(() => [{ type: "promoting", ...reason }]);
    await moveAlias("support@2", "stable", options);
    const registry = new ModelRegistry(options.registry);
    await registry.change(() => [
      { type: "alias-moved", name: "support", alias: "champion", from: 1, to: null, ...reason },
    ]);
    await expect(actOnRollout("support", options)).rejects.toMatchObject({ code: "ALIAS_MOVED" });
    expect(readRollout("support", options).rollout.phase).toBe("promoting");
  });

  test.each([
    ["{", "no JSON"],
    ['{"arm":"both","metric":"resolved","value":1}', "arm is neither"],
    ['{"arm":"candidate","metric":"constructor","value":1}', "the policy has the metrics"],
    ['{"arm":"candidate","metric":"resolved","value":1.5}', "the value of resolved is no number"],
    ['{"arm":"candidate","metric":"resolved","value":"1"}', "the value of resolved is no number"],
  ])("refuses the observation %s, and those with it", async (line, message) => {
    const good = '{"arm":"candidate","metric":"resolved","value":1}';
    await expect(observe("support", [good, line], options)).rejects.toMatchObject({
      code: "DATA_INVALID",
      message: expect.stringContaining(`line 2 of the observations: ${message}`),
    });
    expect(readRollout("support", options).rollout.observations.resolved).toEqual([]);
  });

  test("a damaged log is refused with its line", async () => {
    const log = join(options.registry, "rollouts", "support", "1.jsonl");
    writeFileSync(log, readFileSync(log, "utf8").replace('"champion":1', '"champion":2'));
    expect(() => readRollout("support", options)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
  });
});

test.each([
  ["steps: [10, 5]\nmetrics: { a: { margin: 0.1 } }", "do not ascend", 1],
  ["metrics:\n  a: { margin: 2 }", "as wide as its range", 2],
  ["metrics:\n  a: { margin: 0, range: [1, 0] }", "is empty", 2],
  ["metrics:\n  a: { margin: 0, margn: 0 }", "margn", 2],
])("the policy %j is refused with its line", (text, message, line) => {
  const file = join(newDirectory(), "policy.yaml");
  writeFileSync(file, text);
  expect(() => readPolicy(file)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
      at: expect.objectContaining({ line }),
    }),
  );
});
