import { defineTrainer } from "../../../harness/contract/define.js";
import { digestOf } from "../../../harness/contract/digest.js";
import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { inputText } from "../../../harness/contract/suite.js";
import type {
  BufferItem,
  Decoding,
  Generation,
  GenerationRequest,
  LearnContext,
  LearnerContext,
  LearnReport,
  TrainingView,
} from "../../../harness/contract/trainer.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model } from "../../engine/contract.js";
import { openModel } from "../../engine/open.js";
import { balance } from "../../training/balance.js";
import { blockEnd, fullBlock, openBlock } from "../../training/blocks.js";
import { ModelLearner } from "../../training/model-learner.js";
import { promptOptions } from "../../training/options.js";
import { noPrivileges } from "../../training/privileges.js";
import type { EncodedPrompt } from "../../training/sequences.js";
import { loadJson, saveJson } from "../../training/state.js";
import type { Question } from "../../training/strategy.js";

const options = {
  shots: Type.Integer({
    minimum: 1,
    default: 4,
    description: "Demonstrations before a question, as far as they fit into the context.",
  }),
  bufferSize: Type.Integer({
    minimum: 1,
    default: 64,
    description: "Most demonstrations kept over all tasks. When they do not fit, the tasks with most give way.",
  }),
  ...promptOptions,
};

type IclOptions = OptionsOf<typeof options>;

/** The base model as it is, asked with demonstrations of the question's task. */
class IclLearner extends ModelLearner {
  readonly #seed: number;
  readonly #options: IclOptions;
  #demonstrations: readonly BufferItem[] = [];

  static async open(context: LearnerContext<IclOptions>): Promise<IclLearner> {
    return new IclLearner(await openModel(context), context);
  }

  private constructor(model: Model, context: LearnerContext<IclOptions>) {
    super(model, context.options.maxTokens, context.chat);
    this.#seed = context.seed;
    this.#options = context.options;
  }

  async learn(view: TrainingView, { buffer }: LearnContext): Promise<LearnReport> {
    const chosen = view.tasks.flatMap(({ task, train }) =>
      random({ seed: this.#seed, stream: "demonstrations", task: task.id })
        .sample(train, this.#options.shots)
        .map((example) => ({ taskId: task.id, example })),
    );
    this.#demonstrations = balance([...this.#demonstrations, ...chosen], this.#options.bufferSize);
    buffer.set(this.#demonstrations);
    return { steps: 0, finalLoss: null, curve: [], notes: { demonstrations: chosen.length } };
  }

  override async generate(requests: GenerationRequest[], decoding: Decoding): Promise<Generation[]> {
    const isShown = (request: GenerationRequest) => this.#shown(request).length > 0;
    const shown = await super.generate(requests.filter(isShown), {
      ...decoding,
      stop: [...(decoding.stop ?? []), blockEnd],
    });
    const plain = await super.generate(
      requests.filter((request) => !isShown(request)),
      decoding,
    );
    return requests.map((request) => (isShown(request) ? shown : plain).shift()!);
  }

  override async save(directory: string): Promise<void> {
    await super.save(directory);
    saveJson(directory, "demonstrations", this.#demonstrations);
  }

  override async restore(directory: string): Promise<void> {
    await super.restore(directory);
    this.#demonstrations = loadJson<BufferItem[]>(directory, "demonstrations");
  }

  override async answerDigest(): Promise<string> {
    const base = await super.answerDigest();
    return this.#demonstrations.length === 0 ? base : digestOf({ base, demonstrations: this.#demonstrations });
  }

  /** As many demonstrations as fit into the context; without any, the plain prompt. */
  protected override prompt(question: Question, answerTokens: number): EncodedPrompt {
    const blocks = this.#shown(question).map(({ example: { input, references } }) =>
      fullBlock({ input: inputText(input), output: references[0]! }),
    );
    if (blocks.length === 0) return super.prompt(question, answerTokens);
    const open = openBlock(inputText(question.input));
    while (blocks.length > 0 && !this.encoder.fits(blocks.join("") + open, answerTokens)) blocks.shift();
    return this.encoder.encodePrompt([{ type: "text", text: blocks.join("") + open }], answerTokens);
  }

  #shown({ taskId }: Question): BufferItem[] {
    return this.#demonstrations.filter((item) => item.taskId === taskId);
  }
}

/**
 * In-context learning ("ICL" in TRACE, arXiv 2310.06762): nothing is trained; each question is preceded by `shots`
 * random examples of its task's training split. Options: shots, bufferSize, maxTokens. Privileges: the demonstrations
 * of all tasks (a buffer), and each question's task id.
 */
export const icl = defineTrainer({
  name: "icl",
  default: true,
  summary: "The base model as it is, with a few examples of the task before each question.",
  source: "baseline; ICL in TRACE, arXiv 2310.06762",
  version: 1,
  options,
  schedule: "once",
  needs: ({ bufferSize }) => ({ ...noPrivileges, pastData: { buffer: bufferSize }, taskIdAtTest: true }),
  capabilities: () => [],
  effort: () => ({ training: 0, answering: 5 }), // demonstrations lengthen every prompt
  memory: () => ({ trains: "nothing", vectors: 0, batch: 16 }),
  create: (context) => IclLearner.open(context),
});
