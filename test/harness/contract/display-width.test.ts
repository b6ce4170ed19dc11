import stringWidth from "string-width";
import { expect, test } from "vitest";
import { displayWidth } from "../../../harness/contract/display-width.js";

test("a character is as wide as string-width says, whether or not it is asked", () => {
  const ranges = [
    [0, 0x300],
    [0x2000, 0x2300],
    [0x24f0, 0x2610],
  ] as const; // where one column each is known
  const characters = ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, index) => String.fromCharCode(from + index)),
  );
  expect(characters.filter((one) => displayWidth(one) !== stringWidth(one))).toEqual([]);
  expect(["", "naïve → ½", "学习", "\u001b[1mbold\u001b[22m"].map(displayWidth)).toEqual([0, 9, 4, 4]);
});
