import { fileURLToPath } from "node:url";
import { BenchError } from "../../harness/contract/errors.js";
import type { Plugin } from "../../harness/contract/plugin.js";
import type { LearnerContext } from "../../harness/contract/trainer.js";
import { importPlugin } from "../../harness/plugins/import-plugin.js";
import type { CoreModel, Engine, Model, OptionalMembers } from "./contract.js";

const optionalMethods = [
  "adapt",
  "merge",
  "stack",
  "addPrompts",
  "savePrompts",
  "promptKeys",
  "fisher",
  "sensitivity",
  "logits",
  "activations",
] as const satisfies (keyof OptionalMembers)[];

const modules = new Map<string, Promise<Plugin>>();

/**
 * Opens the model of a learner with the engine that the run chose.
 *
 * @throws CAPABILITY_MISSING where no engine opens the model, and what the engine throws.
 */
export async function openModel({ engine: choice, model, device, threads, seed }: OpenContext): Promise<Model> {
  if (choice === undefined) {
    throw new BenchError("CAPABILITY_MISSING", "No engine opens this model.", {
      at: { file: model },
      fix: "Use a model that an engine opens; `bench list engines` shows which there are.",
    });
  }
  const module = modules.get(choice.module) ?? importPlugin(fileURLToPath(choice.module));
  modules.set(choice.module, module);
  const engine = (await module).engines?.find(({ name }) => name === choice.name) as Engine;
  return withRefusals(await engine.open(choice.checkpoint, device, { threads, seed }), choice.name);
}

type OpenContext = Pick<LearnerContext, "engine" | "model" | "device" | "threads" | "seed">;

/** The model with a method that throws CAPABILITY_MISSING for each optional one that the engine left out. */
function withRefusals(model: CoreModel & Partial<OptionalMembers>, engine: string): Model {
  for (const name of optionalMethods) {
    if (model[name] !== undefined) continue;
    const refuse = async () => {
      throw new BenchError("CAPABILITY_MISSING", `The engine "${engine}" has no ${name}.`, {
        fix: "Declare the capability in the method's definition, so that it is asked for before a run starts.",
      });
    };
    Object.assign(model, { [name]: refuse });
  }
  return model as Model;
}
