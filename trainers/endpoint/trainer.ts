import { BenchError } from "../../harness/contract/errors.js";
import { inputText } from "../../harness/contract/suite.js";
import type {
  Decoding,
  Generation,
  GenerationRequest,
  Learner,
  LearnerContext,
  LearnerCost,
  LearnReport,
  TrainerDefinition,
} from "../../harness/contract/trainer.js";
import { sumOrNull } from "../../harness/metrics/definition.js";
import { noPrivileges } from "../training/privileges.js";
import { loadJson, saveJson } from "../training/state.js";
import { type Endpoint, openEndpoint } from "./open.js";

/** A model behind a server, which cannot learn: it is only evaluated. */
class EndpointLearner implements Learner {
  readonly elsewhere = true;
  /** null once a server did not count. */
  private generatedTokens: number | null = 0;

  private constructor(private readonly endpoint: Endpoint) {}

  static async open({ model: reference }: LearnerContext): Promise<EndpointLearner> {
    return new EndpointLearner(await openEndpoint(reference));
  }

  async learn(): Promise<LearnReport> {
    return { steps: 0, finalLoss: null, curve: [], notes: {} };
  }

  async generate(requests: GenerationRequest[], decoding: Decoding): Promise<Generation[]> {
    const prompts = requests.map(({ input }) => inputText(input));
    const answers = await this.endpoint.client.complete(this.endpoint.model, prompts, decoding);
    this.generatedTokens = sumOrNull([this.generatedTokens, ...answers.map(({ tokens }) => tokens)]);
    return answers;
  }

  async score(): Promise<number[]> {
    throw new BenchError("ENDPOINT_FAILED", "a model behind a server gives no log-likelihoods of given text", {
      fix: "Evaluate the model's directory instead.",
    });
  }

  async save(directory: string): Promise<void> {
    saveJson(directory, "meters", { generatedTokens: this.generatedTokens });
  }

  async restore(directory: string): Promise<void> {
    this.generatedTokens = loadJson<{ generatedTokens: number | null }>(directory, "meters").generatedTokens;
  }

  async cost(): Promise<LearnerCost> {
    const { generatedTokens } = this;
    const unknown = { flops: null, tensorBytes: null };
    return { trainedTokens: 0, generatedTokens, trainableParameters: 0, addedParameters: 0, ...unknown };
  }

  async answerDigest(): Promise<string> {
    return this.endpoint.digest;
  }

  async release(): Promise<void> {}
}

/** A model behind an OpenAI-compatible server, zero-shot. No options: its settings are part of the model's address. */
export const endpoint: TrainerDefinition = {
  name: "endpoint",
  evaluates: "server",
  summary: "A model behind an OpenAI-compatible server, as it is; its address is given as the model.",
  source: "baseline",
  version: 1,
  options: { properties: {} },
  schedule: "once",
  likelihoods: false,
  needs: () => noPrivileges,
  create: (context) => EndpointLearner.open(context),
};
