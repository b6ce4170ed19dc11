import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type BenchError, toBenchError } from "../contract/errors.js";
import type { Registry } from "../plugins.js";

/** The path of the page; an error when it could not be made, which must not hide the results; undefined without a reporter. */
export async function renderReport(registry: Registry, directory: string): Promise<string | BenchError | undefined> {
  const reporter = registry.allReporters().find(({ name }) => name === "html");
  if (reporter === undefined) return undefined;
  try {
    const out = join(directory, "report");
    await reporter.render(directory, out);
    return readdirSync(out).includes("index.html") ? join(out, "index.html") : undefined;
  } catch (error) {
    return toBenchError(error, "PLUGIN_FAILED");
  }
}
