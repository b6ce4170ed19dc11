import type { Family } from "../family.js";
import { comparison } from "./comparison.js";
import { sentiment } from "./sentiment.js";

/** Tasks that are never trained. */
export const unseenTasks: readonly Family[] = [sentiment, comparison];
