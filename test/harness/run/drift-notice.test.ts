import { expect, test } from "vitest";
import { driftNotice } from "../../../harness/run/drift-notice.js";

test("a warning names the task and what is unlike, and neither trainer nor seed", () => {
  expect(driftNotice("policy", ["lengths", "embeddings"])).toBe(
    "policy: its inputs are unlike anything learnt before it (lengths, embeddings): expect interference",
  );
});
