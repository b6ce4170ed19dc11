import type { Value } from "../graph.js";
import { cast, reshape, zeros, zerosLike } from "./layout.js";

/** Rows of `table` [n, …] by integer indices of any shape. The gradient adds each row where it came from. */
export function gather(table: Value, indices: Value): Value {
  const { graph } = table;
  return graph.differentiable(lookUp(table, indices), [
    [
      table,
      {
        into: (gradient, accumulated) => {
          const positions = reshape(cast(indices, "int64"), [...indices.shape, 1]);
          const sum = accumulated ?? zerosLike(table);
          return graph.node("ScatterND", [sum, positions, gradient], table.shape, { reduction: "add" });
        },
      },
    ],
  ]);
}

/** As `gather`, but no gradient flows to the table. */
export function lookUp(table: Value, indices: Value): Value {
  return table.graph.node("Gather", [table, indices], [...indices.shape, ...table.shape.slice(1)], { axis: 0 });
}

/**
 * Rows of `table` by `indices`, where `inverse` says for each row of the table which row of the result (counted over all
 * of the indices' axes) took it. The gradient is a gather too: where several indices take one row, only the named one
 * gives its gradient, so this is for rows whose other takers have none (padding).
 */
export function rearrange(table: Value, indices: Value, inverse: Value): Value {
  const { graph } = table;
  return graph.differentiable(lookUp(table, indices), [
    [
      table,
      (gradient) => {
        const rows = reshape(gradient, [`rows of ${gradient.name}`, ...table.shape.slice(1)]);
        return reshape(
          graph.node("Gather", [rows, inverse], [...inverse.shape, ...table.shape.slice(1)], { axis: 0 }),
          table.shape,
        );
      },
    ],
  ]);
}

/** `table` [n, …] with `rows` [m, …] in the place of those at `indices` [m], which are all different. */
export function replaceRows(table: Value, indices: Value, rows: Value): Value {
  const { graph } = table;
  const positions = reshape(cast(indices, "int64"), [indices.shape[0]!, 1]);
  const put = (into: Value, values: Value): Value => graph.node("ScatterND", [into, positions, values], table.shape);
  return graph.differentiable(put(table, rows), [
    [table, (gradient) => put(gradient, zeros(graph, rows.shape))],
    [rows, (gradient) => graph.node("Gather", [gradient, indices], rows.shape, { axis: 0 })],
  ]);
}
