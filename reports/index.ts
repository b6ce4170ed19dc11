import type { Plugin } from "../harness/contract/plugin.js";
import { html } from "./html.js";
import { json } from "./json.js";
import { markdown } from "./markdown.js";
import { mlflow } from "./trackers/mlflow.js";
import { tensorboard } from "./trackers/tensorboard.js";
import { wandb } from "./trackers/wandb.js";

/** The built-in reports. */
export const plugin: Plugin = { reporters: [html, markdown, json, mlflow, tensorboard, wandb] };
