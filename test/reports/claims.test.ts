import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeClaims } from "../../harness/claims/files.js";
import type { ClaimResult, HypothesisResult } from "../../harness/claims/judge.js";
import type { ClaimsRecord } from "../../harness/claims/record.js";
import { claimsView } from "../../reports/view-models/summary/claims.js";
import { htmlPage } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";
import { expectWellFormed } from "./markup.js";

const directory = mkdtempSync(join(tmpdir(), "bench-claims-report-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const record: ClaimsRecord = {
  schema: "claims@2",
  run: "run",
  runDirectory: directory,
  suite: { name: "tiny", version: "1", digest: "0".repeat(64) },
  model: { reference: "model", digest: "1".repeat(64), architecture: "Qwen2ForCausalLM", parameters: 1 },
  quick: false,
  orders: 3,
  seeds: 2,
  rule: "holm",
  registration: {
    ...{ digest: "abcdef0123456789", createdAt: "2026-11-25T12:00:00.000Z", beforeTheRun: true },
    limits: { orders: 5, looks: 2 },
    seen: [{ registration: "fedcba9876543210", directory: "an-earlier-run", cells: ["00112233445566aa"] }],
  },
  looks: [{ orders: 3, at: "2026-11-25T13:00:00.000Z" }],
  claims: [
    {
      id: "less",
      statement: "Replay <b> forgets less.",
      source: "a paper",
      verdict: "supported",
      hypotheses: [
        {
          metric: "bwt",
          contrast: { replay: 1, sequential: -0.5 },
          direction: "above",
          threshold: -0.02,
          mean: 0.25,
          low: 0.125,
          high: 0.375,
          orders: 3,
          furtherOrders: null,
          p: 0.0004,
          pAgainst: 0.9996,
        },
      ],
      runs: 12,
      adjustedP: 0.0004,
      ...{ alpha: 0.05, unfinished: [], adjustedPAgainst: 1 },
    },
    {
      id: "never",
      statement: "It keeps all.",
      source: "a paper",
      verdict: "not runnable",
      hypotheses: [],
      runs: 0,
      adjustedP: null,
      ...{ alpha: 0.05, unfinished: [], adjustedPAgainst: null },
      reason: "no cell of replay finished",
    },
  ],
};

const [simple] = record.claims as [ClaimResult];
const [part] = simple.hypotheses as [HypothesisResult];
const twofold: ClaimResult = {
  ...simple,
  statement: "Replay is better.",
  verdict: "undecided",
  hypotheses: [part, { ...part, metric: "op" }],
};

test("a claim is shown with its contrast, bounds and threshold in points, and with the reason where it has no verdict", () => {
  const view = claimsView(record)!;
  expect(view.registered).toEqual([
    "Registered before the run, 2026-11-25, digest abcdef012345, for at most 5 task orders and 2 looks, of which 1 used.",
    "1 cell was finished under the earlier registration fedcba987654 (an-earlier-run), whose verdicts may have led to this one: 00112233445566aa.",
  ]);
  expect(view.rule).toMatch(/p for and against.*adjusted by Holm.*α = 0\.05, shared among 2 looks/);
  expect(view.rows[0]).toMatchObject({
    ...{ verdict: "supported", tone: "supported", runs: "12 runs", p: "< 0.001", pAgainst: "1.000" },
  });
  expect(view.rows[0]!.hypotheses).toEqual([
    {
      text: "bwt: replay − 0.5 sequential",
      estimate: "+25.0",
      bounds: "+12.5 … +37.5",
      claimed: "above −2.0",
    },
  ]);
  expect(view.rows[1]).toMatchObject({ verdict: "not runnable", reason: "no cell of replay finished", hypotheses: [] });
});

test("verdicts of an earlier version are shown with the rule that they were made by", () => {
  expect(claimsView({ ...record, rule: "bounds" })!.rule).toMatch(/bounds.*not adjusted/);
});

test("what was not registered before the run is called exploration, and no claims are no section", () => {
  expect(claimsView({ ...record, registration: null })!.registered).toEqual([expect.stringMatching(/exploration/)]);
  expect(claimsView(undefined)).toBeUndefined();
});

test("the report of a run shows its claims", async () => {
  writeFixtureRun(directory, { orders: 1, seeds: 1, only: ["ewc"] });
  writeClaims({ ...record, claims: [...record.claims, twofold] });
  const page = await htmlPage(directory);
  expectWellFormed(page);
  expect(page).toContain('<th scope="rowgroup" rowspan="1">Replay &lt;b&gt; forgets less.');
  expect(page).toContain('<th scope="rowgroup" rowspan="2">Replay is better.');
  expect(page).toContain("no cell of replay finished");
});
