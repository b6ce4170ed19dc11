import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { packageRoot } from "../../harness/contract/files.js";

/**
 * A script of this folder in the interpreter that PYTHON names: it answers each line of JSON with one, and the first with
 * an `error` where it lacks something. Where it ends later, `ask` throws.
 */
export function pythonSide(script: string) {
  const python = process.env.PYTHON ?? "python3";
  const child = spawn(python, [`${packageRoot}/test/bench/${script}`], { stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let begun = false;
  return {
    python,
    async ask(question: unknown) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { done, value } = await lines.next();
      if (done && begun) throw new Error(`${python} ended in the middle of ${script}`);
      begun = true;
      return done ? { error: "no interpreter" } : JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}
