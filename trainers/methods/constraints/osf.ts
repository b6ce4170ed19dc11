import { BenchError } from "../../../harness/contract/errors.js";
import { Type } from "../../../harness/contract/type.js";
import type { TensorLayout, Vector } from "../../engine/contract.js";
import { parametersOf } from "../../training/parameters.js";
import { linearModules } from "../isolation/adapter-options.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { singularDirections } from "./singular-directions.js";

/**
 * Orthogonal subspace fine-tuning (OSF, "sculpting subspaces"; Nayak et al., arXiv 2504.07097): before each task every
 * targeted matrix is decomposed, W = U·S·Vᵀ; its leading directions, `share` of its rank, are kept, and training goes on
 * in the rest: U_keptᵀ·ΔW = 0 and ΔW·V_kept = 0. No data is kept, and the model does not grow.
 *
 * The authors' code and PEFT train the factors U_low, S_low, V_low with their gradients projected, which reaches the same
 * matrices; Adam's step on a factor leaves the complement there, and here the step is projected as well. The share is one
 * for all matrices, PEFT's default, where the paper sets it by each layer's importance. What is not targeted (embeddings,
 * norms) is trained as ever. Privileges: none.
 */
export const osf = defineMethod({
  name: "osf",
  summary: "Trains each matrix at right angles to its leading singular directions; keeps no data and does not grow.",
  source: "arXiv 2504.07097; PEFT's OSF",
  version: 1,
  options: {
    share: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.5,
      description: "Share of each matrix's rank that is kept, its leading directions.",
    }),
    targetModules: Type.Array(Type.String(), {
      minItems: 1,
      default: linearModules,
      description: "Last components of the names of the modules whose matrices are decomposed.",
    }),
  },
  space: { share: { low: 0.1, high: 0.95, scale: "linear" }, learningRate: rateRange },
  capabilities: ["subspaces"],
  vectors: (_, { share }) => 3 + 2 * share, // of a step that is projected afterwards, and the directions
  strategy({ share, targetModules }) {
    let matrices: { name: string; left: Vector; right: Vector }[] = [];
    return {
      exclusive: ["adapter", "constraint"],
      async open(model) {
        const names = (await model.trainable()).layout.filter(isMatrix).map(moduleOf);
        const unknown = targetModules.find((name) => !names.includes(name));
        if (unknown === undefined) return;
        throw new BenchError(
          "CONFIG_INVALID",
          `osf cannot decompose "${unknown}": the model has no matrix of that name.`,
          {
            fix: `Use some of: ${[...new Set(names)].join(", ")}.`,
          },
        );
      },
      async beforeTask({ model, checkCancelled, note }) {
        const values = await parametersOf(model);
        let [kept, whole] = [0, 0];
        for (const tensor of (await model.trainable()).layout) {
          const { name, shape, offset, length } = tensor;
          if (!isMatrix(tensor) || !targetModules.includes(moduleOf(tensor))) continue;
          checkCancelled();
          const count = Math.floor(share * Math.min(...shape));
          const of = singularDirections(values.subarray(offset, offset + length), [shape[0]!, shape[1]!], count);
          const squares = of.values.map((value) => value * value);
          kept += squares.subarray(0, count).reduce((sum, own) => sum + own, 0);
          whole += squares.reduce((sum, own) => sum + own, 0);
          if (count > 0) matrices.push({ name, left: await model.write(of.left), right: await model.write(of.right) });
        }
        if (whole > 0) note("share of the matrices' squares in the kept directions", kept / whole);
      },
      constraint: async () => (matrices.length > 0 ? { kind: "subspaces", matrices } : undefined),
      async afterTask({ model }) {
        for (const { left, right } of matrices) for (const vector of [left, right]) await model.free(vector);
        matrices = [];
      },
    };
  },
});

const isMatrix = ({ shape }: TensorLayout): boolean => shape.length === 2;
/** The last component of the name of a tensor's module. */
const moduleOf = ({ name }: TensorLayout): string => name.split(".").at(-2) ?? "";
