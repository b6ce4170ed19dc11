import type { Privileges } from "../../harness/contract/trainer.js";

/** What the current task's data alone asks for: nothing. */
export const noPrivileges: Privileges = {
  pastData: "none",
  generalItems: 0,
  taskIdAtTest: false,
  validationOfPastTasks: false,
};

/** The least privileges that include all of those given. */
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
  if (typeof a === "object" && typeof b === "object") {
    if ("buffer" in a && "buffer" in b) {
      const payloadBytes = Math.max(a.payloadBytes ?? 0, b.payloadBytes ?? 0);
      return { buffer: Math.max(a.buffer, b.buffer), ...(payloadBytes > 0 && { payloadBytes }) };
    }
    if ("synthetic" in a && "synthetic" in b) {
      return { synthetic: { demonstrations: Math.max(a.synthetic.demonstrations, b.synthetic.demonstrations) } };
    }
  }
  return rankOf(a) >= rankOf(b) ? a : b;
}

function rankOf(use: Privileges["pastData"]): number {
  if (typeof use === "object") return "buffer" in use ? 3 : 2;
  return { none: 0, synthetic: 1, all: 4 }[use];
}
