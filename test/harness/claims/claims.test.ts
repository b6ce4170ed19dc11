import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, expect, test } from "vitest";
import type { ClaimsRecord } from "../../../harness/claims/record.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { bench, newDirectory } from "../cli/support.js";
import { buildIfStale } from "../run/support.js";

const directory = newDirectory();
const data = ["colour", "size", "shape"];
const models = ["--quick", "--model", join(packageRoot, "suites/trace-seq/model"), "--workers", "2"];
const claims = (...given: string[]) => bench(["claims", "./data", ...models, ...given], directory, { COLUMNS: "76" });

/** Three tasks of a few short items, which the real base model learns in a few steps. */
beforeAll(() => {
  buildIfStale();
  for (const [index, task] of data.entries()) {
    mkdirSync(join(directory, "data", task), { recursive: true });
    const items = (count: number) =>
      Array.from({ length: count }, (_, item) => ({
        prompt: `${task} ${item % 4}?`,
        answer: "ABC"[(item + index) % 3],
      }));
    for (const [file, count] of Object.entries({ train: 16, eval: 4, test: 4 })) {
      writeFileSync(join(directory, "data", task, `${file}.json`), JSON.stringify(items(count)));
    }
  }
});

test("registers the claims before it runs, judges them, and refuses another registration", async () => {
  const given = ["--orders", "3", "--seeds", "1", "--only", "replay-repairs-forgetting,sequential-lowers-ability"];
  const first = await claims(...given, "--out", "run", "--json");
  expect(first.code, first.stderr).toBe(0);
  const result = JSON.parse(first.stdout) as ClaimsRecord;
  const stored = JSON.parse(readFileSync(join(directory, "run/claims.json"), "utf8")) as ClaimsRecord;
  const schema = join(packageRoot, "harness/contract/schemas/claims.schema.json");
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(schema, "utf8")));
  expect(validate(stored), JSON.stringify(validate.errors)).toBe(true);
  expect(result.claims).toEqual(stored.claims);
  expect(result.registration).toMatchObject({ beforeTheRun: true });
  const [ability, forgetting] = result.claims;
  // This data has no probes: nothing is known of general ability, and that is said rather than counted as 0.
  expect(ability).toMatchObject({ id: "sequential-lowers-ability", verdict: "not runnable", adjustedP: null });
  expect(ability!.reason).toMatch(/^generalAbilityDelta of sequential: .*probe/);
  expect(forgetting).toMatchObject({ runs: 6, hypotheses: [{ orders: 3, mean: expect.any(Number) }] });

  const page = readFileSync(join(directory, "run/claims.md"), "utf8");
  expect(page).toContain(`digest \`${result.registration!.digest}\``);
  expect(page).toMatch(/\| Sequential fine-tuning lowers general ability\. \| TRACE.* \| not runnable \|/);

  const again = await claims(...given, "--out", "run");
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).not.toContain("measured");
  expect(again.stdout).toContain("before the run");
  const report = readFileSync(join(directory, "run/report/index.html"), "utf8");
  expect(report).toContain("Replay of 10% repairs more than half");
  expect(report).toContain("Registered before the run");
  for (const line of again.stdout.split("\n")) {
    if (!/^(run|report) /.test(line)) expect(line.length).toBeLessThanOrEqual(76);
  }

  const registration = join(directory, "run/claims-registration.json");
  const honest = readFileSync(registration, "utf8");
  writeFileSync(registration, honest.replace('"alpha": 0.05', '"alpha": 0.2'));
  expect(await claims(...given, "--out", "run")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/registration was changed[\s\S]*RUN_MISMATCH/),
  });
  expect(await bench(["claims", "--run", "run"], directory)).toMatchObject({ code: 2 });
  writeFileSync(registration, honest);

  const later = await bench(["claims", "--run", "run", "--json", "--only", "replay-repairs-forgetting"], directory);
  expect(JSON.parse(later.stdout).claims).toEqual([forgetting]);
  expect(JSON.parse(later.stdout).registration).toEqual(result.registration);
  const all = await bench(["claims", "--run", "run", "--json"], directory);
  expect(JSON.parse(all.stdout)).toMatchObject({ claims: result.claims, registration: result.registration });
  expect(await claims("--orders", "3", "--seeds", "1", "--only", "ewc-forgets-less", "--out", "run")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/registered for other claims[\s\S]*RUN_MISMATCH/),
  });
  const others = await bench(["claims", "--run", "run", "--only", "ewc-forgets-less"], directory);
  expect(others.code).toBe(0);
  expect(others.stdout).toMatch(/not runnable/);
  expect(others.stdout).toMatch(/the run has no trainer with the options of ewc/);
  expect(others.stdout).toContain("exploration");
});

test("lists the claims, shows a plan, and tells an unknown one", async () => {
  const list = await bench(["claims", "--list", "--json"], directory);
  expect(JSON.parse(list.stdout).claims.length).toBeGreaterThanOrEqual(10);
  const plan = await claims("--only", "ewc-forgets-less", "--dry-run", "--out", "never");
  expect(plan.stdout).toMatch(/trainers +(ewc, sequential|sequential, ewc)/);
  expect(plan.stdout).toMatch(/cells +12 /);
  const unknown = await claims("--only", "ewc-forgets");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "ewc-forgets-less"?') });
});
