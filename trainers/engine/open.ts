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
  "inputMoments",
  "attention",
  "headSensitivity",
] as const satisfies (keyof OptionalMembers)[];

/** What every model must have, as paths from it. */
const coreMethods = [
  ...["tokenizer.encode", "tokenizer.decode", "tokenizer.encodeTemplate"],
  ...["trainable", "step", "loss", "gradient", "apply", "optimizer.reset", "optimizer.save", "optimizer.restore"],
  ...["dot", "combine", "multiply", "snapshot", "restore", "free", "read", "write"],
  ...["generate", "score", "embed", "save", "load", "digest", "tensorBytes", "meter", "release"],
];

const modules = new Map<string, Promise<Plugin>>();

/**
 * Opens the model of a learner with the engine that the run chose.
 *
 * @throws CAPABILITY_MISSING where no engine opens the model, PLUGIN_INVALID where what an engine opens lacks a member of
 *   `CoreModel`, and what the engine throws.
 */
export async function openModel({ engine: choice, model, device, threads, seed }: OpenContext): Promise<Model> {
  if (choice === undefined) {
    throw new BenchError("CAPABILITY_MISSING", "No engine opens this model.", {
      at: { file: model },
      fix: "Use a model that an engine opens; `bench list engines` shows which there are.",
    });
  }
  const module = modules.get(choice.module) ?? importPlugin(fileURLToPath(choice.module), { checked: true });
  modules.set(choice.module, module);
  const engine = (await module).engines?.find(({ name }) => name === choice.name) as Engine;
  const { dtype, python, promptBytes, featureBytes } = choice;
  const options = { threads, seed, dtype, python, promptBytes, featureBytes };
  const opened = await engine.open(choice.checkpoint, device, options);
  checkCore(opened, choice.name);
  return withRefusals(opened, choice.name);
}

type OpenContext = Pick<LearnerContext, "engine" | "model" | "device" | "threads" | "seed">;

function checkCore(model: object, engine: string): void {
  const at = (path: string) =>
    path.split(".").reduce<unknown>((of, key) => (of instanceof Object ? Reflect.get(of, key) : undefined), model);
  const missing = coreMethods.filter((path) => typeof at(path) !== "function");
  if (missing.length === 0) return;
  throw new BenchError("PLUGIN_INVALID", `the engine "${engine}" opens a model without ${missing.join(", ")}`, {
    fix: "Add what `CoreModel` in the pages of the API asks for.",
  });
}

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
