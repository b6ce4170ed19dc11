import type { Graph, Value } from "../graph/graph.js";
import { absolute, add, linear, matmul, multiply, subtract, total, transpose } from "../graph/operators/index.js";
import { type Feeds, floats } from "../graph/session.js";
import type { LoraAdapter } from "../parameters/lora-adapter.js";
import type { ParameterStore } from "../parameters/parameter-store.js";

const downSuffix = ".lora_A.weight";

/**
 * The value of a term on the subspaces that an adapter's matrices span. `orthogonality` has for each module the input `earlier.<module>`
 * ["earlier ranks", in], the rows of A of all earlier adapters.
 */
export function subspaceValue(
  graph: Graph,
  kind: "orthogonality" | "orthonormality" | "sparsity",
  tensors: ReadonlyMap<string, Value>,
): Value {
  const shares = [...tensors].flatMap(([name, down]) => {
    if (!name.endsWith(downSuffix)) return [];
    const path = name.slice(0, -downSuffix.length);
    if (kind === "orthogonality") {
      const earlier = graph.input(`earlier.${path}`, ["earlier ranks", down.shape[1]!]);
      return [total(absolute(linear(down, earlier)))];
    }
    const up = tensors.get(`${path}.lora_B.weight`)!;
    if (kind === "sparsity") return [total(absolute(matmul(up, down)))];
    return [distanceToOrthonormal(down), distanceToOrthonormal(transpose(up, [1, 0]))];
  });
  return shares.reduce(add);
}

/** ‖M·Mᵀ − I‖² for M [rank, width]: zero where its rows are of length 1 and at right angles. */
function distanceToOrthonormal(rows: Value): Value {
  const rank = rows.shape[0] as number;
  const identity = Array.from({ length: rank * rank }, (_, i) => (i % (rank + 1) === 0 ? 1 : 0));
  const difference = subtract(linear(rows, rows), rows.graph.constant(identity, [rank, rank]));
  return total(multiply(difference, difference));
}

/** The inputs of `orthogonality`. */
export function earlierFeeds(earlier: readonly LoraAdapter[]): Feeds {
  const stores = earlier.map(({ store }) => store);
  const names = stores[0]!.tensors.map(({ name }) => name).filter((name) => name.endsWith(downSuffix));
  return Object.fromEntries(
    names.map((name) => [`earlier.${name.slice(0, -downSuffix.length)}`, rowsOf(stores, name)]),
  );
}

function rowsOf(stores: readonly ParameterStore[], name: string) {
  const [rank, width] = stores[0]!.layout(name).shape as [number, number];
  const rows = new Float32Array(stores.length * rank * width);
  for (const [i, store] of stores.entries()) rows.set(store.view(name), i * rank * width);
  return floats(rows, [stores.length * rank, width]);
}
