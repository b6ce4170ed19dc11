import { BenchError } from "../../contract/errors.js";
import type { Suite } from "../../contract/suite.js";
import { checkData } from "./check-data.js";
import type { DataFinding } from "./finding.js";

/** Most findings that a run repeats in its log; `bench validate` lists all. */
const mostNotes = 12;

/**
 * A suite with what was found in its data among its notes.
 *
 * @param strict whether findings are errors.
 * @throws DATA_INVALID where strict and anything was found.
 */
export function withDataNotes(suite: Suite, strict: boolean): Suite {
  const findings = checkData(suite);
  if (findings.length === 0) return suite;
  if (strict) throw refusal(findings);
  const rest = findings.length - mostNotes;
  const more = rest > 0 ? [`${rest} more findings about the data: bench validate lists them`] : [];
  return {
    ...suite,
    notes: [...(suite.notes ?? []), ...findings.slice(0, mostNotes).map(({ text }) => text), ...more],
  };
}

/** The error that findings are where they are not accepted. */
export function refusal(findings: readonly DataFinding[]): BenchError {
  const first = findings.slice(0, 3).map(({ text }) => text);
  const more = findings.length > first.length ? `; and ${findings.length - first.length} more` : "";
  return new BenchError("DATA_INVALID", `the data is refused by --strict: ${first.join("; ")}${more}`, {
    fix: "Take such rows out of the data, or leave --strict out: then they are noted. `bench validate` lists all.",
  });
}
