import { existsSync } from "node:fs";
import { join } from "node:path";
import { sealed } from "../contract/files/seal.js";
import { writeFileAtomically } from "../contract/files.js";
import { checkRecord } from "../run/store/check-record.js";
import { readJson } from "../run/store/store.js";
import { claimsMarkdown } from "./markdown.js";
import type { ClaimsRecord } from "./record.js";
import { type FirstRecord, upgradeRecord } from "./upgrade.js";

/** In the directory of its run: the record, and the same to read. */
const claimsFile = "claims.json";
const claimsPage = "claims.md";

/** Leaves the verdicts in the directory of their run, where the report shows them. */
export function writeClaims(record: ClaimsRecord): void {
  writeFileAtomically(join(record.runDirectory, claimsFile), `${sealed(JSON.stringify(record, null, 2))}\n`);
  writeFileAtomically(join(record.runDirectory, claimsPage), claimsMarkdown(record));
}

/**
 * What `writeClaims` left in a run directory, one of an earlier version with today's keys; undefined where the run
 * tested no claims. Throws DATA_INVALID where it does not follow its schema.
 */
export function readClaims(directory: string): ClaimsRecord | undefined {
  const path = join(directory, claimsFile);
  if (!existsSync(path)) return undefined;
  const stored = readJson<ClaimsRecord | FirstRecord>(path);
  const record = stored.schema === "claims@1" ? upgradeRecord(stored) : stored;
  return checkRecord<ClaimsRecord>("claims", record, path);
}
