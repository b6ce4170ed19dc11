import type { Value } from "../graph.js";
import { multiply, negate, subtract } from "./arithmetic.js";
import { cast, reshape } from "./layout.js";

/** The negative log-likelihood of each row, nats: logits [rows, classes], labels [rows] (integers) → [rows]. */
export function crossEntropy(logits: Value, labels: Value): Value {
  const { graph } = logits;
  const rows = logits.shape[0]!;
  const places = reshape(cast(labels, "int64"), [rows, 1]);
  const logProbabilities = graph.node("LogSoftmax", [logits], logits.shape, { axis: -1 });
  const picked = graph.node("GatherElements", [logProbabilities, places], [rows, 1], { axis: 1 });
  const loss = negate(reshape(picked, [rows]));
  return graph.differentiable(loss, [
    [
      logits,
      (gradient) => {
        const column = reshape(gradient, [rows, 1]);
        const share = multiply(graph.node("Exp", [logProbabilities], logits.shape), column);
        const atLabel = graph.node("GatherElements", [share, places], [rows, 1], { axis: 1 });
        return graph.node("ScatterElements", [share, places, subtract(atLabel, column)], logits.shape, { axis: 1 });
      },
    ],
  ]);
}
