import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readClaims } from "../../../harness/claims/files.js";
import { readRegistration } from "../../../harness/claims/registration.js";
import { digestOf } from "../../../harness/contract/digest.js";
import { newDirectory } from "../../files.js";

const arms = { sequential: { trainer: "sequential", version: 3, options: {} }, missing: { missing: "no trainer x" } };
const lowered = {
  id: "sequential-lowers-ability",
  statement: "Sequential fine-tuning lowers general ability.",
  source: "TRACE, arXiv 2310.06762",
};
const gap = { id: "gap", statement: "EWC has the smaller stability gap.", source: "a paper" };

/** What the first version registered: margins, one α for all, and a digest without the time. */
function writeFirst(): { directory: string; digest: string } {
  const directory = newDirectory();
  const content = {
    alpha: 0.1,
    claims: [
      { ...lowered, hypotheses: [{ metric: "op", contrast: { sequential: -1 }, margin: 0.02 }] },
      { ...gap, hypotheses: [{ metric: "forgetting", contrast: { ewc: 1, sequential: -1 }, margin: 0.01 }] },
    ],
    arms,
    run: "c".repeat(64),
  };
  const digest = digestOf(content);
  const stamp = { schema: "claims-registration@1", createdAt: "2026-11-25T12:00:00.000Z", digest, beforeTheRun: true };
  writeFileSync(join(directory, "claims-registration.json"), JSON.stringify({ ...stamp, ...content }));
  return { directory, digest };
}

test("a registration of the first version is read with today's keys, and still sealed", () => {
  const { directory, digest } = writeFirst();
  expect(readRegistration(directory)).toEqual({
    schema: "claims-registration@2",
    ...{ createdAt: "2026-11-25T12:00:00.000Z", digest, beforeTheRun: true, arms, run: "c".repeat(64) },
    claims: [
      {
        ...{ ...lowered, alpha: 0.1 },
        hypotheses: [{ metric: "op", contrast: { sequential: -1 }, direction: "above", threshold: -0.02 }],
      },
      {
        ...{ ...gap, alpha: 0.1 },
        // less forgetting is better: the old contrast was turned round, so that it exceeded −margin
        hypotheses: [
          { metric: "forgetting", contrast: { ewc: 1, sequential: -1 }, direction: "below", threshold: 0.01 },
        ],
      },
    ],
    limits: { orders: 1, looks: 1 },
    seen: [],
  });
  const path = join(directory, "claims-registration.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"alpha":0.1', '"alpha":0.2'));
  expect(() => readRegistration(directory)).toThrow(expect.objectContaining({ code: "RUN_MISMATCH" }));
});

test("verdicts of the first version are read, and it is said that they were by bounds", () => {
  const directory = newDirectory();
  const result = { verdict: "supported", mean: 0.05, low: 0.01, high: 0.09, orders: 3, furtherOrders: null, p: 0.02 };
  const record = {
    ...{ schema: "claims@1", run: "r", runDirectory: directory, quick: false, orders: 3, seeds: 2, alpha: 0.05 },
    suite: { name: "s", version: "1", digest: "d" },
    model: { reference: "m", digest: "e", architecture: "a", parameters: 1 },
    registration: null,
    claims: [
      {
        ...{ ...gap, verdict: "supported", runs: 6, adjustedP: 0.04 },
        hypotheses: [{ ...result, metric: "forgetting", contrast: { ewc: 1, sequential: -1 }, margin: 0 }],
      },
    ],
  };
  writeFileSync(join(directory, "claims.json"), JSON.stringify(record));
  expect(readClaims(directory)).toMatchObject({
    ...{ schema: "claims@2", rule: "bounds", looks: [] },
    claims: [
      {
        ...{ alpha: 0.05, verdict: "supported", adjustedP: 0.04, adjustedPAgainst: null },
        hypotheses: [{ direction: "below", threshold: 0, mean: -0.05, low: -0.09, high: -0.01, p: 0.02 }],
      },
    ],
  });
});

test("files that are no record are refused with their path", () => {
  const directory = newDirectory();
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "claims.json");
  writeFileSync(path, JSON.stringify({ schema: "claims@2", claims: "all" }));
  expect(existsSync(path)).toBe(true);
  expect(() => readClaims(directory)).toThrow(expect.objectContaining({ code: "DATA_INVALID", at: { file: path } }));
});
