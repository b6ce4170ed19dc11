import type { Update } from "../../contract.js";
import { Graph } from "../graph/graph.js";
import { floats, type Tensor } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import { segmentInputs } from "../parameters/segments.js";
import { updateFeeds, updateForm } from "./adamw.js";
import { checkFinite } from "./finite.js";
import { scalar } from "./term-values.js";
import { appendNorm, appendPiece } from "./update-graph.js";
import { type Updatable, updateVectors } from "./update-inputs.js";

/** Elements of a piece: its vectors take 1 MB each. */
const pieceLength = 2 ** 18;

/**
 * The update of `updateGraph`, bit for bit, in a run for the norm of the gradient and one for each piece of the
 * parameters: needs no memory but that of a piece, where the one graph has several vectors of all parameters. Returns the
 * norm; throws DIVERGED where it is not finite, and then changes nothing.
 */
export async function updateInPieces(
  { state, vectors, session }: Updatable,
  gradient: Float32Array,
  update: Update,
): Promise<number> {
  const form = updateForm(update);
  const { segments, store } = state;
  const own = updateVectors(state, vectors, update);
  const result = await sessions.run(
    `update norm ${JSON.stringify({ form, layout: store.tensors })}`,
    () => {
      const graph = new Graph();
      appendNorm(graph, form, segments, segmentInputs(graph, "gradient", segments));
      return graph;
    },
    {
      ...state.feeds("gradient", gradient),
      ...Object.assign({}, ...["normal", "mask", "rates"].map((name) => own[name] && state.feeds(name, own[name]))),
      ...updateFeeds(update, state.step + 1),
    },
    undefined,
    session,
  );
  const norm = scalar(result.norm!);
  checkFinite(0, norm);
  const written = { parameters: store.values, first: state.first, second: state.second };
  const all = { ...own, ...written, gradient };
  for (const { offset, length, matrices } of segments) {
    for (let start = offset; start < offset + length; start += pieceLength) {
      const piece = (values: Float32Array): Tensor =>
        floats(values.subarray(start, Math.min(start + pieceLength, offset + length)));
      const feeds = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, piece(values)]));
      await sessions.run(
        `update piece ${JSON.stringify({ form, matrices })}`,
        () => {
          const graph = new Graph();
          appendPiece(graph, form, matrices);
          return graph;
        },
        { ...feeds, numbers: result.numbers! },
        Object.fromEntries(Object.keys(written).map((name) => [`next.${name}`, feeds[name]!])),
        session,
      );
    }
  }
  return norm;
}
