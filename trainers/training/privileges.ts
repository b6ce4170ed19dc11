import type { Privileges } from "../../harness/contract/trainer.js";

/** What the current task's data alone asks for: nothing. */
export const noPrivileges: Privileges = {
  pastData: "none",
  generalItems: 0,
  taskIdAtTest: false,
  validationOfPastTasks: false,
};

/** The least privileges that hold all of those given. */
export function mergePrivileges(all: readonly Partial<Privileges>[]): Privileges {
  return all.reduce<Privileges>(
    (merged, one) => ({
      pastData: morePastData(merged.pastData, one.pastData ?? "none"),
      generalItems: Math.max(merged.generalItems, one.generalItems ?? 0),
      taskIdAtTest: merged.taskIdAtTest || (one.taskIdAtTest ?? false),
      validationOfPastTasks: merged.validationOfPastTasks || (one.validationOfPastTasks ?? false),
    }),
    noPrivileges,
  );
}

function morePastData(a: Privileges["pastData"], b: Privileges["pastData"]): Privileges["pastData"] {
  if (typeof a === "object" && typeof b === "object") return { buffer: Math.max(a.buffer, b.buffer) };
  const rank = (use: Privileges["pastData"]) =>
    typeof use === "object" ? 2 : use === "all" ? 3 : use === "synthetic" ? 1 : 0;
  return rank(a) >= rank(b) ? a : b;
}
