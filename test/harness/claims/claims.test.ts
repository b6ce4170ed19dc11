import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { ClaimsRecord } from "../../../harness/claims/record.js";
import { newDirectory } from "../../files.js";
import { writeTinyModel } from "../../trainers/model/tiny-model.js";
import { bench, benchProcess } from "../cli/support.js";

const directory = newDirectory();
const data = ["colour", "size", "shape"];
const models = ["--quick", "--model", writeTinyModel(), "--workers", "1"];
const claims = (...given: string[]) => bench(["claims", "./data", ...models, ...given], directory, { COLUMNS: "76" });
const judged = (...given: string[]) => bench(["claims", "--run", ...given], directory);

/** Three tasks of a few short items, for a tiny model: what it learns of them is not looked at. */
beforeAll(() => {
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

test("registers the claims before it runs, judges them, grows within its limits, and refuses another registration", async () => {
  const only = ["--seeds", "1", "--only", "replay-repairs-forgetting,sequential-lowers-ability"];
  const out = ["--out", "run"];
  const first = await claims("--orders", "3", "--max-orders", "4", ...only, ...out, "--json");
  expect(first.code, first.stderr).toBe(0);
  const result = JSON.parse(first.stdout) as ClaimsRecord;
  const stored = JSON.parse(readFileSync(join(directory, "run/claims.json"), "utf8")) as ClaimsRecord;
  expect(result.claims).toEqual(stored.claims);
  expect(result).toMatchObject({
    orders: 3,
    looks: [{ orders: 3 }],
    registration: { beforeTheRun: true, limits: { orders: 4, looks: 2 }, seen: [] },
  });
  const [ability, forgetting] = result.claims;
  // This data has no probes: nothing is known of general ability, and that is said rather than counted as 0.
  expect(ability).toMatchObject({ id: "sequential-lowers-ability", verdict: "not runnable", adjustedP: null });
  expect(ability!.reason).toMatch(/^generalAbilityDelta of sequential: .*probe/);
  expect(forgetting).toMatchObject({ runs: 6, unfinished: [], hypotheses: [{ orders: 3, mean: expect.any(Number) }] });

  const page = readFileSync(join(directory, "run/claims.md"), "utf8");
  expect(page).toContain(`digest ${result.registration!.digest.slice(0, 12)}`);
  expect(page).toMatch(/\| Sequential fine-tuning lowers general ability\. \| TRACE.* \| not runnable \|/);

  const again = await claims("--orders", "3", ...only, ...out);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).not.toContain("measured");
  expect(again.stdout).toMatch(/Registered before the run[\s\S]*2\s+looks,\s+of\s+which\s+1\s+used/);
  const report = readFileSync(join(directory, "run/report/index.html"), "utf8");
  expect(report).toContain("Replay of 10% repairs more than half");
  expect(report).toContain("Registered before the run");
  for (const line of again.stdout.split("\n")) {
    if (!/^(run|report) /.test(line)) expect(line.length).toBeLessThanOrEqual(76);
  }

  const registration = join(directory, "run/claims-registration.json");
  const honest = readFileSync(registration, "utf8");
  for (const [before, after] of [
    ['"alpha": 0.05', '"alpha": 0.2'],
    ['"looks": 2', '"looks": 1'],
    [/"createdAt": "\d/, '"createdAt": "1'],
  ] as const) {
    writeFileSync(registration, honest.replace(before, after));
    const refused = { code: 2, stderr: expect.stringMatching(/registration was changed[\s\S]*RUN_MISMATCH/) };
    expect(await judged("run"), after).toMatchObject(refused);
  }
  expect(await claims("--orders", "3", ...only, ...out)).toMatchObject({ code: 2 });
  writeFileSync(registration, honest);

  const later = await judged("run", "--json", "--only", "replay-repairs-forgetting");
  expect(JSON.parse(later.stdout).claims).toEqual([forgetting]);
  expect(JSON.parse(later.stdout).registration).toEqual(result.registration);
  const all = await judged("run", "--json");
  expect(JSON.parse(all.stdout)).toMatchObject({ claims: result.claims, looks: result.looks });
  expect(await claims("--orders", "3", "--seeds", "1", "--only", "ewc-forgets-less", ...out)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/registered for other claims[\s\S]*RUN_MISMATCH/),
  });
  const others = await judged("run", "--only", "ewc-forgets-less");
  expect(others.code).toBe(0);
  expect(others.stdout).toMatch(/the run has no trainer with the options of ewc/);
  expect(others.stdout).toContain("exploration");

  // a statement is registered once: other seeds, in another directory, are a second try
  const second = await claims("--orders", "3", "--seeds", "2", "--only", "replay-repairs-forgetting", "--out", "other");
  expect(second).toMatchObject({ code: 2, stderr: expect.stringMatching(/registered before, on .* in run\b/) });
  // other claims with the same arms are not, and the cells that they share are named
  const plan = ["--orders", "3", "--seeds", "1", "--only", "early-stopping-helps", "--out", "other"];
  const shared = await claims(...plan, "--json");
  expect(shared.code, shared.stderr).toBe(0);
  const { seen } = (JSON.parse(shared.stdout) as ClaimsRecord).registration!;
  expect(seen).toEqual([{ registration: result.registration!.digest, directory: "run", cells: expect.any(Array) }]);
  expect(seen[0]!.cells).toHaveLength(3);
  expect(readFileSync(join(directory, "other/claims.md"), "utf8")).toContain(seen[0]!.cells[0]);

  expect(await claims("--orders", "5", ...only, ...out)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("registered for at most 4 task orders and 2 looks"),
  });
  const grown = await claims("--orders", "4", ...only, ...out, "--json");
  expect(grown.code, grown.stderr).toBe(0);
  expect(JSON.parse(grown.stdout)).toMatchObject({ orders: 4, looks: [{ orders: 3 }, { orders: 4 }] });
  expect(JSON.parse(grown.stdout).claims[1]).toMatchObject({ runs: 8, hypotheses: [{ orders: 4 }] });

  // a run of which cells are missing is undecided, and says nothing of the others
  cpSync(join(directory, "run"), join(directory, "cut"), { recursive: true });
  const journal = join(directory, "cut/journal.jsonl");
  const events = readFileSync(journal, "utf8").trimEnd().split("\n");
  const lost = events.findLastIndex((line) => line.includes('"cell-finished"'));
  writeFileSync(journal, `${events.slice(0, lost).join("\n")}\n`);
  const cut = JSON.parse((await judged("cut", "--json")).stdout) as ClaimsRecord;
  expect(cut.claims[1]).toMatchObject({
    ...{ verdict: "undecided", reason: expect.stringMatching(/^\d of 8 cells have not finished$/) },
    hypotheses: [{ mean: null, p: null }],
  });
});

test("all looks used: more orders are refused before they run", async () => {
  const path = join(directory, "run/claims.json");
  const { sha256: _digest, ...record } = JSON.parse(readFileSync(path, "utf8")) as ClaimsRecord & { sha256: string };
  rmSync(join(directory, "run/extensions"), { recursive: true });
  const looks = [...record.looks, { orders: 2, at: record.looks[0]!.at }].slice(-2);
  writeFileSync(path, JSON.stringify({ ...record, looks }));
  const only = ["--seeds", "1", "--only", "replay-repairs-forgetting,sequential-lowers-ability"];
  expect(await claims("--orders", "4", ...only, "--out", "run")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/all 2 looks that were registered are used[\s\S]*USAGE/),
  });
});

test("lists the claims, shows a plan, and names an unknown one", async () => {
  const list = await benchProcess(["claims", "--list", "--json"], directory);
  expect(JSON.parse(list.stdout).claims.length).toBeGreaterThanOrEqual(10);
  const plan = await claims("--only", "ewc-forgets-less", "--dry-run", "--out", "never");
  expect(plan.stdout).toMatch(/trainers +(ewc, sequential|sequential, ewc)/);
  expect(plan.stdout).toMatch(/cells +12 /);
  const unknown = await claims("--only", "ewc-forgets");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean "ewc-forgets-less"?') });
});
