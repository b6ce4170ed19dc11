import { BenchError } from "../contract/errors.js";
import { MlflowStore } from "./mlflow/mlflow-store.js";
import { ModelRegistry } from "./model-registry.js";
import type { RegistryStore } from "./store.js";

/**
 * Opens a registry: a directory, or a server of MLflow as `mlflow+http://host:5000`.
 *
 * @param notice hears of a torn last line of a log, which is dropped.
 * @throws USAGE for a malformed address.
 */
export function openStore(location: string, notice?: (text: string) => void): RegistryStore {
  const address = /^mlflow\+(https?:\/\/.+)$/.exec(location)?.[1];
  if (address === undefined) return new ModelRegistry(location, notice);
  if (URL.canParse(address)) return new MlflowStore(address.replace(/\/+$/, ""));
  throw new BenchError("USAGE", `--registry ${location} is no address of a server`, {
    fix: "Give it as mlflow+http://host:5000.",
  });
}
