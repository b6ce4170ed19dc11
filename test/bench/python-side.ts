import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { packageRoot } from "../../harness/contract/files.js";

/** A script of this folder in the interpreter that PYTHON names: it answers each line of JSON with one. */
export function pythonSide(script: string) {
  const python = process.env.PYTHON ?? "python3";
  const child = spawn(python, [`${packageRoot}/test/bench/${script}`], { stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    python,
    async ask(question: unknown) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return JSON.parse((await lines.next()).value ?? '{"error": "no interpreter"}');
    },
    end: () => child.stdin.end(),
  };
}
