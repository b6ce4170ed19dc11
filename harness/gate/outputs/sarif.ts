import { relative, sep } from "node:path";
import type { ErrorLocation } from "../../contract/errors.js";
import type { GateResult } from "../gate.js";
import { explainRow } from "./row-text.js";

/**
 * A gate as SARIF 2.1.0: a result for each metric that does not pass, at the line where its margin is declared.
 *
 * @param locate the place of a margin; undefined where it came from the command line.
 */
export function gateSarif(result: GateResult, locate: (metric: string) => ErrorLocation | undefined): string {
  const failed = result.metrics.filter(({ verdict }) => verdict !== "pass");
  const rules = result.metrics.map(({ key, title }) => ({
    id: `gate/${key}`,
    shortDescription: { text: `${title} is not worse than the baseline by more than its margin` },
  }));
  const results = failed.map((row) => ({
    ruleId: `gate/${row.key}`,
    level: row.verdict === "fail" ? "error" : "warning",
    message: { text: `${row.verdict.toUpperCase()} ${row.key}: ${explainRow(row)}` },
    locations: [{ physicalLocation: place(locate(row.key)) }],
    partialFingerprints: { "gate/v1": `${result.baseline.name}/${result.candidate.trainer}/${row.key}` },
  }));
  const driver = { name: "bench gate", rules };
  const sarif = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, results }],
  };
  return `${JSON.stringify(sarif, null, 2)}\n`;
}

/** Code scanning wants a file: without one, the configuration that there could be. */
function place(at: ErrorLocation | undefined) {
  const uri = at === undefined ? "bench.yaml" : relative(process.cwd(), at.file).split(sep).join("/");
  return { artifactLocation: { uri }, region: { startLine: at?.line ?? 1 } };
}
