import { sha256 } from "../digest.js";

const head = /^\{\s*"sha256":\s*"([0-9a-f]{64})",/;

/** JSON of an object with the SHA-256 of the rest of the text as its first member, for files that no journal names. */
export const sealed = (json: string): string => `{"sha256":"${sha256(json)}",${json.slice(1)}`;

/** Whether a text is as it was sealed, but for white space at its end; undefined where it contains no digest. */
export function isIntactSeal(text: string): boolean | undefined {
  const [start, digest] = head.exec(text) ?? [];
  return start === undefined ? undefined : sha256(`{${text.slice(start.length).trimEnd()}`) === digest;
}
