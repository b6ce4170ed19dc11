import type { Logits, TrainingSequence, Vector } from "../../contract.js";
import { concatenateLogits } from "../../parts.js";
import { evaluationFlops } from "../decoder/flops.js";
import type { Feeds, Fetches, Inputs } from "../graph/session.js";
import { partsAtATime } from "./activations.js";
import { type Prepared, prepare } from "./prepare.js";
import type { TrainingForm } from "./training-graph.js";

/** What of a model its logits are computed by. */
interface Forward extends Prepared {
  readonly largeBase: boolean;
  run(form: TrainingForm, feeds: Inputs, fetches: Fetches): Promise<Feeds>;
}

/** Logits of the batch's predicted tokens, by the model's own parameters or by `at`. */
export async function logitsOf(
  model: Forward,
  batch: readonly TrainingSequence[],
  at: Vector | undefined,
): Promise<Logits> {
  const { config, state, vectors } = model;
  const given = at ? state.feeds("parameters", vectors.values(at, state.store.length)) : {};
  const { vocabulary: classes } = config;
  const found: Logits[] = [];
  for (const { objective } of partsAtATime(model, { terms: [{ kind: "language-modeling", batch, weight: 1 }] })) {
    const { form, feeds, batch: laidOut } = await prepare(model, objective);
    const result = await model.run({ ...form, result: "logits" }, { ...feeds, ...given }, { logits: null });
    model.spend(evaluationFlops(config, laidOut!.packed, form.images));
    const rows = laidOut!.packed.selectedRows;
    found.push({ rows, classes, values: (result.logits!.data as Float32Array).subarray(0, rows * classes) });
  }
  return concatenateLogits(found);
}
