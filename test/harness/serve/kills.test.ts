import { expect, test } from "vitest";
import { newDirectory } from "../../files.js";
import { killUnderLoad } from "./reliability/kills.js";

/** `npm run bench:kills` does this two hundred times. */
test("killed under load, server, proxy and controller leave no request without an answer or an error, and no false state", async () => {
  const report = await killUnderLoad(newDirectory(), { kills: 3, seed: 1, clients: 2 });
  expect(report.wrong).toEqual([]);
  expect(report.answered).toBeGreaterThan(10);
  expect(report.recorded).toBeGreaterThan(0);
});
