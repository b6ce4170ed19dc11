import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveArms } from "../../../harness/claims/arms.js";
import { chooseClaims, combineArms } from "../../../harness/claims/choose.js";
import { armsOf, type Claim } from "../../../harness/contract/results/claim.js";
import { checkPlugin } from "../../../harness/plugins/check-plugin.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { rooms } from "../../../rooms.js";
import { plugin as suites } from "../../../suites/index.js";
import { newDirectory } from "../../files.js";

const built = suites.claims!;
const registry = await loadRegistry(rooms);

const claim: Claim = {
  id: "mine-is-better",
  statement: "Mine is better.",
  source: "this test",
  arms: { mine: { trainer: "mine" }, sequential: { trainer: "sequential" } },
  hypotheses: [{ metric: "op", contrast: { mine: 1, sequential: -1 }, direction: "above", threshold: 0 }],
};

test("the claims that come with the suites follow the schema of claims, and their arms and metrics exist", () => {
  expect(checkPlugin({ claims: built }, "suites")).toEqual({ claims: built });
  expect(chooseClaims(built, undefined, registry.allMetrics())).toHaveLength(built.length);
  const arms = resolveArms(combineArms(built), registry);
  for (const each of built) for (const name of armsOf(each)) expect(arms[name]).not.toHaveProperty("missing");
});

test("a suite has the claims about it, any other those about none in particular", () => {
  const own = chooseClaims(built, undefined, registry.allMetrics(), "mm-seq");
  expect(own.length).toBeGreaterThan(3);
  expect(own.every(({ suites }) => suites?.includes("mm-seq"))).toBe(true);
  const others = chooseClaims(built, undefined, registry.allMetrics(), "trace-seq");
  expect(others).toEqual(built.filter((each) => !own.includes(each)));
  expect(chooseClaims(built, [own[0]!.id], registry.allMetrics(), "trace-seq")).toEqual([own[0]]);
});

test("an unknown id, and a metric that does not exist, are refused with the near name", () => {
  const fixed = (fix: string) => expect.objectContaining({ code: "UNKNOWN_NAME", fix });
  expect(() => chooseClaims(built, ["ewc-forgets-les"])).toThrow(fixed('Did you mean "ewc-forgets-less"?'));
  const misspelled = { ...claim, hypotheses: [{ ...claim.hypotheses[0]!, metric: "bwtt" }] };
  expect(() => chooseClaims([misspelled], undefined)).toThrow(fixed('Did you mean "bwt"?'));
});

test("two claims that mean different trainers by one name cannot be tested together", () => {
  const other: Claim = { ...claim, id: "other", arms: { ...claim.arms, mine: { trainer: "replay" } } };
  expect(Object.keys(combineArms([claim, { ...claim, id: "again" }]))).toEqual(["mine", "sequential"]);
  expect(() => combineArms([claim, other])).toThrow(
    expect.objectContaining({
      code: "DUPLICATE_NAME",
      message: expect.stringContaining('"mine-is-better" and "other"'),
    }),
  );
});

test("a plug-in's claims are checked: members, values, and that contrasts and arms agree", () => {
  const refused = (change: object, message: RegExp) =>
    expect(() => checkPlugin({ claims: [{ ...claim, ...change }] }, "plugin.mjs"), JSON.stringify(change)).toThrow(
      expect.objectContaining({ code: "PLUGIN_INVALID", message: expect.stringMatching(message) }),
    );
  const [hypothesis] = claim.hypotheses;
  refused({ statement: "" }, /claims\.0\.statement/);
  refused({ source: undefined, author: "me" }, /unknown key "author"|lacks "source"/);
  refused({ alpha: 0 }, /claims\.0\.alpha/);
  refused({ alpha: 0.9 }, /claims\.0\.alpha/);
  refused({ hypotheses: [] }, /claims\.0\.hypotheses/);
  refused({ hypotheses: [{ ...hypothesis, direction: "up" }] }, /direction" is "up"/);
  refused({ hypotheses: [{ ...hypothesis, threshold: "0" }] }, /threshold/);
  refused({ hypotheses: [{ ...hypothesis, contrast: { mine: 1, toString: -1 } }] }, /names the arm "toString"/);
  refused({ arms: { ...claim.arms, idle: { trainer: "ewc" } } }, /no contrast names the arm "idle"/);
  refused({ arms: { ...claim.arms, mine: { trainer: "../mine" } } }, /arms\.mine\.trainer/);
});

test("an arm that its trainer cannot be is missing, with the reason", () => {
  const arms = resolveArms(
    {
      absent: { trainer: "absent" },
      option: { trainer: "replay", options: { shares: 0.1 } },
      scaled: { trainer: "sequential", scaled: { earlyStopping: 2 } },
      rate: { trainer: "sequential", scaled: { learningRate: 0.5 } },
    },
    registry,
  );
  expect(arms.absent).toEqual({ missing: "no trainer absent" });
  expect(arms.option).toEqual({ missing: expect.stringContaining('unknown option "shares"') });
  expect(arms.scaled).toEqual({ missing: expect.stringContaining('no option "earlyStopping" with a number') });
  const { learningRate } = (
    resolveArms({ s: { trainer: "sequential" } }, registry).s as { options: Record<string, number> }
  ).options;
  expect(arms.rate).toMatchObject({ options: { learningRate: learningRate! / 2 } });
});

test("a plug-in of claims alone is loaded like any other, and one id is one claim", async () => {
  const directory = newDirectory();
  const write = (name: string) => {
    const path = join(directory, name);
    writeFileSync(path, `export const plugin = { claims: [${JSON.stringify(claim)}] };`);
    return path;
  };
  const first = write("first.mjs");
  const loaded = await loadRegistry([first]);
  expect(loaded.allClaims()).toEqual([claim]);
  expect(loaded.origin("claims", "mine-is-better")).toBe(first);
  await expect(loadRegistry([first, write("second.mjs")])).rejects.toMatchObject({
    ...{ code: "DUPLICATE_NAME", message: expect.stringContaining('the claim "mine-is-better" is registered twice') },
  });
});
