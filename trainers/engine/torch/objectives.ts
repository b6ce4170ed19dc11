import { BenchError } from "../../../harness/contract/errors.js";
import type { Model } from "../contract.js";
import { insideHalfSpaces } from "../half-spaces.js";
import type {
  ComponentRates,
  Constraint,
  Logits,
  Objective,
  StepReport,
  TrainingSequence,
  Update,
  Vector,
} from "../objective.js";
import { concatenateLogits, isTextTerm, type Part, partsOf, termsOf, weighted } from "../parts.js";
import { OutOfMemory } from "./child.js";
import type { TorchPictures } from "./pictures.js";

/** An objective as it crosses: a batch that several terms name crosses once. */
interface SentObjective {
  terms: object[];
  batches: (readonly TrainingSequence[])[];
}

/** What a gradient in parts brings: the values of each part's terms. */
interface Differentiated {
  values: number[][];
  tokens: number;
  flops: number;
}

/** The calls of a model that compute an objective: in parts, where it asks for that or the memory is short. */
export class Objectives {
  /** Most sequences of a batch at a time, since the memory was short; as many as are asked for before that. */
  private mostAtOnce = Number.POSITIVE_INFINITY;

  constructor(
    private readonly model: Pick<Model, "dot" | "combine" | "free">,
    private readonly pictures: Pick<TorchPictures, "show">,
    private readonly ask: <T>(method: string, params: object) => Promise<T>,
  ) {}

  async step(objective: Objective, update: Update): Promise<StepReport> {
    const { constraint, reportGradient, ...rest } = update;
    if (constraint?.kind !== "half-spaces") {
      const { report, parts } = await this.inParts(objective, async (parts) => {
        const sentParts = parts.map((part) => sent(part.objective));
        type Report = StepReport & { values: number[][] };
        return { parts, report: await this.ask<Report>("step", { parts: sentParts, update }) };
      });
      const { values, ...others } = report;
      return { ...others, terms: termsOf(objective, parts, values) };
    }
    const { parts, found } = await this.differentiate(objective, update.componentRates);
    const { gradient, values, tokens, flops } = found;
    const gradientNorm = await this.applyWithin(gradient, { ...rest, constraint }, true);
    if (!reportGradient) await this.model.free(gradient);
    const terms = termsOf(objective, parts, values);
    const report = { loss: weighted(objective, terms), terms, gradientNorm, tokens, flops };
    return reportGradient ? { ...report, gradient } : report;
  }

  /** An update with a given gradient; returns the gradient's norm within the constraint. The child knows all but several half-spaces. */
  async apply(gradient: Vector, update: Update): Promise<number> {
    const { constraint } = update;
    if (constraint?.kind !== "half-spaces") return this.ask("apply", { gradient, update });
    return this.applyWithin(gradient, { ...update, constraint }, false);
  }

  /** The same within several half-spaces. `frozen`: the gradient is 0 where a rate is. */
  private async applyWithin(
    gradient: Vector,
    { constraint, ...rest }: Update & { constraint: Extract<Constraint, { kind: "half-spaces" }> },
    frozen: boolean,
  ): Promise<number> {
    const copies: Vector[] = [];
    const rates = rest.componentRates ?? {};
    /** What a vector is where a rate is not 0. */
    const moving = async (vector: Vector): Promise<Vector> => {
      if (Object.keys(rates).length === 0) return vector;
      copies.push(await this.ask<Vector>("moving", { vector, rates }));
      return copies.at(-1)!;
    };
    const normals: Vector[] = [];
    for (const normal of constraint.normals) normals.push(await moving(normal));
    const within = await insideHalfSpaces(
      frozen ? gradient : await moving(gradient),
      { ...constraint, normals },
      this.model,
    );
    const norm = await this.ask<number>("apply", { gradient: within, update: rest });
    for (const vector of [within, ...copies]) await this.model.free(vector);
    return norm;
  }

  loss(objective: Objective): Promise<number> {
    return this.inParts(objective, async (parts) => {
      let sum = 0;
      for (const part of parts) sum += await this.ask<number>("loss", { objective: sent(part.objective) });
      return sum;
    });
  }

  async gradient(objective: Objective, rates?: ComponentRates): Promise<Vector> {
    return (await this.differentiate(objective, rates)).found.gradient;
  }

  logits(batch: readonly TrainingSequence[], at?: Vector): Promise<Logits> {
    return this.inParts({ terms: [{ kind: "language-modeling", batch, weight: 1 }] }, async (parts) => {
      const found: Logits[] = [];
      for (const { objective } of parts) {
        const [own] = objective.terms.filter(isTextTerm);
        found.push(await this.ask<Logits>("logits", { batch: own!.batch, at }));
      }
      return concatenateLogits(found);
    });
  }

  private differentiate(objective: Objective, rates?: ComponentRates) {
    return this.inParts(objective, async (parts) => {
      const sentParts = parts.map((part) => sent(part.objective));
      const found = await this.ask<Differentiated & { gradient: Vector }>("gradient", { parts: sentParts, rates });
      return { parts, found };
    });
  }

  /**
   * Computes an objective in parts that fit the memory: halves them when it is short, then and from then on. Where one
   * sequence does not fit, activations are computed again instead of kept.
   *
   * @throws ENGINE_FAILED where that is not enough.
   */
  private async inParts<T>(objective: Objective, compute: (parts: readonly Part[]) => Promise<T>): Promise<T> {
    await this.pictures.show(objective.terms.filter(isTextTerm).flatMap(({ batch }) => batch));
    const asked = objective.microBatch ?? Number.POSITIVE_INFINITY;
    for (;;) {
      const microBatch = Math.min(asked, this.mostAtOnce);
      try {
        return await compute(partsOf({ ...objective, microBatch }));
      } catch (error) {
        if (!(error instanceof OutOfMemory)) throw error;
        const largest = Math.max(1, ...objective.terms.map((term) => (isTextTerm(term) ? term.batch.length : 1)));
        const now = Math.min(microBatch, largest);
        if (now <= 1 && (await this.ask<boolean>("recompute", {}))) {
          this.mostAtOnce = Number.POSITIVE_INFINITY;
          continue;
        }
        if (now <= 1) {
          throw new BenchError(
            "ENGINE_FAILED",
            `The memory is too small for one sequence at a time: ${error.message}`,
            {
              fix: "Use a device with more memory, --dtype bfloat16, a LoRA trainer, or a smaller maxTokens.",
            },
          );
        }
        this.mostAtOnce = Math.floor(now / 2);
      }
    }
  }
}

/** Terms name the places of their batches instead of the batches. */
function sent({ terms }: Objective): SentObjective {
  const batches = [...new Set(terms.filter(isTextTerm).map(({ batch }) => batch))];
  return {
    terms: terms.map((term) => (isTextTerm(term) ? { ...term, batch: batches.indexOf(term.batch) } : term)),
    batches,
  };
}
