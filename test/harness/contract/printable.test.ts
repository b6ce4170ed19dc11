import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, head } from "../../../harness/contract/printable.js";
import { flipText } from "../../../harness/gate/outputs/row-text.js";

const text = fc.string({ unit: "grapheme", maxLength: 40 });

test("a text that is cut is a beginning of whole characters, and says how much was left out", () => {
  fc.assert(
    fc.property(text, fc.nat(60), (whole, most) => {
      const kept = head(whole, most);
      expect(whole.startsWith(kept)).toBe(true);
      expect(kept.isWellFormed()).toBe(true);
      expect(kept.length).toBeLessThanOrEqual(most);
      expect(kept.length).toBeGreaterThanOrEqual(Math.min(whole.length, most) - 1);
      const left = whole.length - kept.length;
      expect(cut(whole, most)).toBe(whole.length <= most ? whole : `${kept}… (${left} more characters)`);
    }),
  );
});

test("an answer that changed is shown without half a character", () => {
  const side = (output: string) => ({ output, score: 1 });
  const flip = { set: "t", id: "1", baseline: side(`${"a".repeat(59)}😀😀`), candidate: side("b") };
  expect(flipText(flip as Parameters<typeof flipText>[0]).isWellFormed()).toBe(true);
});
