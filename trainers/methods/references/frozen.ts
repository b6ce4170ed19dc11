import { defineTrainer } from "../../../harness/contract/define.js";
import type { OptionsOf } from "../../../harness/contract/options.js";
import { modalities } from "../../../harness/contract/suite.js";
import type { LearnerContext, LearnReport } from "../../../harness/contract/trainer.js";
import { openModel } from "../../engine/open.js";
import { ModelLearner } from "../../training/model-learner.js";
import { promptOptions } from "../../training/options.js";
import { noPrivileges } from "../../training/privileges.js";

/** The base model as it is, asked with the task's prompt alone. */
class FrozenLearner extends ModelLearner {
  static async open(context: LearnerContext<OptionsOf<typeof promptOptions>>): Promise<FrozenLearner> {
    return new FrozenLearner(await openModel(context), context.options.maxTokens, context.chat);
  }

  async learn(): Promise<LearnReport> {
    return { steps: 0, finalLoss: null, curve: [], notes: {} };
  }
}

/** The base model, zero-shot: the reference that says what training gained and lost. Option: maxTokens. No privileges. */
export const frozen = defineTrainer({
  name: "frozen",
  default: true,
  evaluates: "checkpoint",
  summary: "The base model as it is, zero-shot: the reference row.",
  source: "baseline",
  version: 1,
  options: promptOptions,
  schedule: "once",
  modalities,
  deterministic: true,
  needs: () => noPrivileges,
  capabilities: () => [],
  memory: () => ({ trains: "nothing", vectors: 0, batch: 16 }),
  create: (context) => FrozenLearner.open(context),
});
