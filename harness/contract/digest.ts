import { createHash } from "node:crypto";

/** JSON with sorted keys and no white space: equal values give equal text. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member) =>
    member !== null && typeof member === "object" && !Array.isArray(member) && !ArrayBuffer.isView(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}

/** SHA-256 of bytes or text, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The digest of a JSON value: SHA-256 of its canonical text. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
