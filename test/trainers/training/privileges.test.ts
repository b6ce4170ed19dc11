import { expect, test } from "vitest";
import { mergePrivileges, noPrivileges } from "../../../trainers/training/privileges.js";

test("nothing asked for is nothing", () => {
  expect(mergePrivileges([])).toEqual(noPrivileges);
});

test("a composition has what any of its members has", () => {
  expect(
    mergePrivileges([
      { pastData: { buffer: 10 }, generalItems: 5 },
      { pastData: { buffer: 30 } },
      { taskIdAtTest: true },
    ]),
  ).toEqual({ pastData: { buffer: 30 }, generalItems: 5, taskIdAtTest: true, validationOfPastTasks: false });
});

test.each([
  ["none", "synthetic", "synthetic"],
  ["synthetic", { synthetic: { demonstrations: 0 } }, { synthetic: { demonstrations: 0 } }],
  [{ synthetic: { demonstrations: 2 } }, { synthetic: { demonstrations: 5 } }, { synthetic: { demonstrations: 5 } }],
  [{ synthetic: { demonstrations: 9 } }, { buffer: 3 }, { buffer: 3 }],
  [{ buffer: 3 }, "all", "all"],
] as const)("of %j and %j past data, %j is the more", (less, more, merged) => {
  expect(mergePrivileges([{ pastData: less }, { pastData: more }]).pastData).toEqual(merged);
  expect(mergePrivileges([{ pastData: more }, { pastData: less }]).pastData).toEqual(merged);
});
