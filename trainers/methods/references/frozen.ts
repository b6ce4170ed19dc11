import type { LearnerContext, LearnReport, TrainerDefinition } from "../../../harness/contract/trainer.js";
import type { Model } from "../../engine/contract.js";
import { ModelLearner } from "../../training/model-learner.js";
import { promptOptions } from "../../training/options.js";
import { noPrivileges } from "../../training/privileges.js";

/** The base model as it is, asked with the task's prompt alone. */
class FrozenLearner extends ModelLearner {
  static async open(context: LearnerContext): Promise<FrozenLearner> {
    const model: Model = await ModelLearner.openBase(context);
    return new FrozenLearner(model, context.options.maxTokens as number);
  }

  async learn(): Promise<LearnReport> {
    return { steps: 0, finalLoss: null, curve: [], notes: {} };
  }
}

/** The base model, zero-shot: the reference that says what training gained and lost. Option: maxTokens. No privileges. */
export const frozen: TrainerDefinition = {
  name: "frozen",
  summary: "The base model as it is, zero-shot: the reference row.",
  source: "baseline",
  version: 1,
  options: { properties: promptOptions },
  schedule: "once",
  deterministic: true,
  needs: () => noPrivileges,
  capabilities: () => [],
  create: (context) => FrozenLearner.open(context),
};
