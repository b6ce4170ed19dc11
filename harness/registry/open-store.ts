import { BenchError } from "../contract/errors.js";
import { MlflowStore } from "./mlflow/mlflow-store.js";
import { ModelRegistry } from "./model-registry.js";
import type { RegistryStore } from "./store.js";

/**
 * Opens a registry: a directory, a server of MLflow as `mlflow+http://host:5000`, or a repository on the Hub as
 * `hf://owner/name`.
 *
 * @param notice hears of a torn last line of a log, which is dropped.
 * @throws USAGE for a malformed address.
 */
export async function openStore(location: string, notice?: (text: string) => void): Promise<RegistryStore> {
  if (location.startsWith("hf://")) {
    const { HubStore } = await import("./hub/hub-store.js"); // the Hub's library is not for the others
    return new HubStore(location);
  }
  const address = /^mlflow\+(https?:\/\/.+)$/.exec(location)?.[1];
  if (address === undefined) return new ModelRegistry(location, notice);
  if (URL.canParse(address)) return new MlflowStore(address.replace(/\/+$/, ""));
  throw new BenchError("USAGE", `--registry ${location} is no address of a server`, {
    fix: "Give it as mlflow+http://host:5000.",
  });
}
