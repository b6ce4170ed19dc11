import { captioning } from "./captioning.js";
import { charts } from "./charts.js";
import { counting } from "./counting.js";
import type { PictureTask } from "./picture-task.js";
import { recognition } from "./recognition.js";
import { relations } from "./relations.js";
import { signs } from "./signs.js";

/** The tasks in the published order. */
export const tasks: readonly PictureTask[] = [recognition, counting, signs, relations, charts, captioning];
