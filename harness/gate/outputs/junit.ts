import { baselineText } from "../baseline.js";
import type { GateResult } from "../gate.js";
import { candidateText, explainRow } from "./row-text.js";

/** A gate as JUnit XML: one test case for each metric; an inconclusive one is an error, as it proves nothing. */
export function gateJunit(result: GateResult): string {
  const { metrics, baseline, suite } = result;
  const count = (verdict: string) => metrics.filter((row) => row.verdict === verdict).length;
  const name = `bench gate: ${candidateText(result)} against ${baselineText(baseline)}`;
  const cases = metrics.flatMap((row) => {
    const open = `    <testcase classname=${quoted(suite.name)} name=${quoted(row.key)}`;
    const text = explainRow(row);
    if (row.verdict === "pass")
      return [`${open}>`, `      <system-out>${escaped(text)}</system-out>`, "    </testcase>"];
    const element = row.verdict === "fail" ? "failure" : "error";
    return [`${open}>`, `      <${element} type=${quoted(row.verdict)} message=${quoted(text)}/>`, "    </testcase>"];
  });
  const counts = `tests="${metrics.length}" failures="${count("fail")}" errors="${count("inconclusive")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name=${quoted(name)} ${counts}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;" };

/** Without the characters that XML 1.0 has no way to write. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"\n]/g, (character) => entities[character]!);
const quoted = (text: string): string => `"${escaped(text)}"`;
