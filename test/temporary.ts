import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Vitest's global setup: what tests write as temporary is in one directory, which is removed when all have ended. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), "bench-tests-"));
  process.env.TMPDIR = root;
  return () => rmSync(root, { recursive: true, force: true });
}
