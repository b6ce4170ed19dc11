import type { Value } from "../graph.js";
import { multiply, negate, subtract } from "./arithmetic.js";
import { cast, reshape, zeros } from "./layout.js";

/** The logit of each row's label: logits [rows, classes], labels [rows] (integers) → [rows]. */
export function pick(logits: Value, labels: Value): Value {
  const { graph } = logits;
  const rows = logits.shape[0]!;
  const indices = reshape(cast(labels, "int64"), [rows, 1]);
  const output = reshape(graph.node("GatherElements", [logits, indices], [rows, 1], { axis: 1 }), [rows]);
  const picked = graph.node("Identity", [output], [rows]);
  return graph.differentiable(picked, [
    [
      logits,
      (gradient) => {
        const updates = [zeros(graph, logits.shape), indices, reshape(gradient, [rows, 1])];
        return graph.node("ScatterElements", updates, logits.shape, { axis: 1 });
      },
    ],
  ]);
}

/**
 * T²·KL(teacher ‖ student) of each row, nats, for logits [rows, classes] of both and a temperature T [1] → [rows]
 * (Hinton et al., 1503.02531, section 2). The gradient of the student's logits is T·(student − teacher), as
 * distributions at that temperature; the teacher has none.
 */
export function distillation(student: Value, teacher: Value, temperature: Value): Value {
  const { graph } = student;
  const rows = student.shape[0]!;
  const node = (operator: string, inputs: Value[], shape = student.shape) => graph.node(operator, inputs, shape);
  const logarithms = (logits: Value): Value =>
    graph.node("LogSoftmax", [node("Div", [logits, temperature])], logits.shape, { axis: -1 });
  const [own, given] = [logarithms(student), logarithms(teacher)];
  const target = node("Exp", [given]);
  const gaps = node("Mul", [target, node("Sub", [given, own])]);
  const axes = graph.constant([1], [1], "int64");
  const divergence = graph.node("ReduceSum", [gaps, axes], [rows], { keepdims: 0 });
  const squared = node("Mul", [temperature, temperature], [1]);
  return graph.differentiable(node("Mul", [divergence, squared], [rows]), [
    [
      student,
      (gradient) => {
        const difference = node("Sub", [node("Exp", [own]), target]);
        return multiply(multiply(difference, reshape(gradient, [rows, 1])), temperature);
      },
    ],
  ]);
}

/**
 * KL(student ‖ teacher) of each row, nats, for logits [rows, classes] of both → [rows]. With p the student's distribution
 * and d = log p − log q, the gradient of its logits is p·(d − Σ p·d); the teacher has none.
 */
export function reverseDistillation(student: Value, teacher: Value): Value {
  const { graph } = student;
  const rows = student.shape[0]!;
  const node = (operator: string, inputs: Value[], shape = student.shape) => graph.node(operator, inputs, shape);
  const logarithms = (logits: Value): Value => graph.node("LogSoftmax", [logits], logits.shape, { axis: -1 });
  const own = logarithms(student);
  const probabilities = node("Exp", [own]);
  const gaps = node("Sub", [own, logarithms(teacher)]);
  const axes = graph.constant([1], [1], "int64");
  const divergence = graph.node("ReduceSum", [node("Mul", [probabilities, gaps]), axes], [rows], { keepdims: 0 });
  return graph.differentiable(divergence, [
    [
      student,
      (gradient) => {
        const excess = node("Sub", [gaps, reshape(divergence, [rows, 1])]);
        return multiply(node("Mul", [probabilities, excess]), reshape(gradient, [rows, 1]));
      },
    ],
  ]);
}

/** The negative log-likelihood of each row, nats: logits [rows, classes], labels [rows] (integers) → [rows]. */
export function crossEntropy(logits: Value, labels: Value): Value {
  const { graph } = logits;
  const rows = logits.shape[0]!;
  const indices = reshape(cast(labels, "int64"), [rows, 1]);
  const logProbabilities = graph.node("LogSoftmax", [logits], logits.shape, { axis: -1 });
  const picked = graph.node("GatherElements", [logProbabilities, indices], [rows, 1], { axis: 1 });
  const loss = negate(reshape(picked, [rows]));
  return graph.differentiable(loss, [
    [
      logits,
      (gradient) => {
        const column = reshape(gradient, [rows, 1]);
        const share = multiply(graph.node("Exp", [logProbabilities], logits.shape), column);
        const atLabel = graph.node("GatherElements", [share, indices], [rows, 1], { axis: 1 });
        return graph.node("ScatterElements", [share, indices, subtract(atLabel, column)], logits.shape, { axis: 1 });
      },
    ],
  ]);
}
