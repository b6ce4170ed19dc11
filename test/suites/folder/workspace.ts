import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "vitest";

export interface Workspace {
  directory: string;
  /** Writes a file; what is no text or bytes becomes JSON. */
  write(path: string, content: unknown): void;
}

/** A directory that lives as long as one test. */
export function useWorkspace(): Workspace {
  const workspace: Workspace = {
    directory: "",
    write(path, content) {
      const file = join(workspace.directory, path);
      mkdirSync(dirname(file), { recursive: true });
      const raw = typeof content === "string" || content instanceof Uint8Array;
      writeFileSync(file, raw ? content : JSON.stringify(content, null, 1));
    },
  };
  beforeEach(() => {
    workspace.directory = mkdtempSync(join(tmpdir(), "bench-suite-"));
  });
  afterEach(() => rmSync(workspace.directory, { recursive: true, force: true }));
  return workspace;
}

/** Rows whose answers come from `answer`. */
export function rowsOf(count: number, answer: (index: number) => string) {
  return Array.from({ length: count }, (_, index) => ({ prompt: `Question ${index}\nAnswer:`, answer: answer(index) }));
}
