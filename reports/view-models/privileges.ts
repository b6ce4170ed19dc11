import type { Privileges } from "../../harness/contract/trainer.js";
import { count } from "./format.js";

/** One thing that a trainer was allowed, and what that means. */
export interface Chip {
  text: string;
  note: string;
}

/** What a trainer had beside the current task's data; empty where it had nothing. */
export function chipsOf({ pastData, generalItems, taskIdAtTest, validationOfPastTasks }: Privileges): Chip[] {
  const chips: Chip[] = [];
  if (pastData === "all") chips.push({ text: "all past data", note: "Trains on the data of every task." });
  if (pastData === "synthetic") {
    chips.push({ text: "synthetic past data", note: "Rehearses data that the model itself has made." });
  }
  if (typeof pastData === "object" && "synthetic" in pastData) {
    const shown = count(pastData.synthetic.demonstrations);
    chips.push({
      text: `synthetic past data from ${shown} items a task`,
      note: `Rehearses data that the model itself has made after at most ${shown} real items of each task, which are not kept.`,
    });
  }
  if (typeof pastData === "object" && "buffer" in pastData) {
    const samples = count(pastData.buffer);
    chips.push({
      text: `keeps ≤ ${samples} samples`,
      note: `May hold at most ${samples} samples of past tasks in total.`,
    });
  }
  if (generalItems > 0) {
    const items = count(generalItems);
    chips.push({
      text: `${items} general items`,
      note: `Rehearses ${items} items of general ability; none is an item of a probe.`,
    });
  }
  if (taskIdAtTest) chips.push({ text: "told the task", note: "The task's id comes with each question at test time." });
  if (validationOfPastTasks) chips.push({ text: "past validation", note: "Sees the validation data of past tasks." });
  return chips;
}
