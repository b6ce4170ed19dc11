/**
 * An undirected weighted graph in compressed rows: the neighbors of node i are `neighbors[offsets[i] … offsets[i + 1])`, in
 * ascending order, each once, with the sum of its edges' weights, made in double precision and rounded to single.
 */
export interface SparseGraph {
  nodes: number;
  offsets: Int32Array;
  neighbors: Int32Array;
  weights: Float32Array;
}

/** Edges as three lists of one length; the order of an edge's ends means nothing. */
export interface EdgeList {
  from: Int32Array;
  to: Int32Array;
  weights: Float64Array;
}

/** Builds the rows in time linear in nodes and edges. Loops are left out. Weights of parallel edges are summed in their order. */
export function sparseGraph(nodes: number, { from, to, weights }: EdgeList): SparseGraph {
  const starts = new Int32Array(nodes + 1);
  for (let e = 0; e < from.length; e++) {
    if (from[e] === to[e]) continue;
    starts[from[e]! + 1]! += 1;
    starts[to[e]! + 1]! += 1;
  }
  for (let i = 0; i < nodes; i++) starts[i + 1]! += starts[i]!;
  // Two passes of counting sort: entries by column, then by row, so that each row ends up in ascending order.
  const entries = starts[nodes]!;
  const [rows, values] = [new Int32Array(entries), new Float64Array(entries)];
  const next = starts.slice(0, nodes);
  const place = (column: number, row: number, weight: number) => {
    const at = next[column]!++;
    rows[at] = row;
    values[at] = weight;
  };
  for (let e = 0; e < from.length; e++) {
    if (from[e] === to[e]) continue;
    place(from[e]!, to[e]!, weights[e]!);
    place(to[e]!, from[e]!, weights[e]!);
  }
  const [columns, sorted] = [new Int32Array(entries), new Float64Array(entries)];
  next.set(starts.subarray(0, nodes));
  for (let column = 0; column < nodes; column++) {
    for (let at = starts[column]!; at < starts[column + 1]!; at++) {
      const target = next[rows[at]!]!++;
      columns[target] = column;
      sorted[target] = values[at]!;
    }
  }
  return coalesced(nodes, starts, columns, sorted);
}

/** Sums runs of the same neighbor, in place. */
function coalesced(nodes: number, starts: Int32Array, columns: Int32Array, values: Float64Array): SparseGraph {
  const offsets = new Int32Array(nodes + 1);
  let end = 0;
  for (let row = 0; row < nodes; row++) {
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      if (end > offsets[row]! && columns[end - 1] === columns[at]) {
        values[end - 1]! += values[at]!;
      } else {
        columns[end] = columns[at]!;
        values[end] = values[at]!;
        end++;
      }
    }
    offsets[row + 1] = end;
  }
  return { nodes, offsets, neighbors: columns.slice(0, end), weights: Float32Array.from(values.subarray(0, end)) };
}
