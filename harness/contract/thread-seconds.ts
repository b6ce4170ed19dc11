import { readFileSync } from "node:fs";

/** CPU time of this thread so far, in steps of 10 ms; null where the system does not report it. */
export function threadSeconds(): number | null {
  if (process.platform !== "linux") return null;
  try {
    const stat = readFileSync("/proc/thread-self/stat", "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ is 100 on every Linux that Node supports.
  } catch {
    return null;
  }
}
