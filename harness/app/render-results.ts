import { resolve } from "node:path";
import type { PublishedResult } from "../contract/plugin.js";
import { type AppContext, registryFor } from "./context.js";
import { reporterThat } from "./render-report.js";

/** Writes results of a gate or of comparisons as one page. Returns its path. */
export async function renderResults(
  results: readonly PublishedResult[],
  file: string,
  context: AppContext,
  plugins?: readonly string[],
): Promise<string> {
  const path = resolve(file);
  const registry = await registryFor(context, plugins);
  await reporterThat(registry, "renderResults").renderResults?.(results, path);
  return path;
}
