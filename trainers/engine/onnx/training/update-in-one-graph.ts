import type { Update } from "../../contract.js";
import { sessions } from "../graph/session-cache.js";
import { updateForm } from "./adamw.js";
import { checkFinite } from "./finite.js";
import { scalar } from "./term-values.js";
import { updateGraph } from "./update-graph.js";
import { type Updatable, updateInputs } from "./update-inputs.js";

/** The update of `updateGraph` in one run. Returns the norm of the gradient; throws DIVERGED where it is not finite, and then changes nothing. */
export async function updateInOneGraph(
  { state, vectors, session }: Updatable,
  gradient: Float32Array,
  update: Update,
): Promise<number> {
  const form = updateForm(update);
  const result = await sessions.run(
    `update ${JSON.stringify({ form, layout: state.store.tensors })}`,
    () => updateGraph(form, state.store),
    { ...state.feeds("gradient", gradient), ...updateInputs(state, vectors, update) },
    { norm: null, ...state.updateFetches },
    session,
  );
  const norm = scalar(result.norm!);
  checkFinite(0, norm);
  return norm;
}
