import { packageRoot } from "./files.js";

/** Replaces what is left out. */
const mark = "[redacted]";

/** The address of a webhook without what may be a secret: user, password, path and query. `env:NAME` holds none. */
export function redactAddress(address: string): string {
  if (!URL.canParse(address) || !/^https?:/.test(address)) return address;
  const { protocol, host, origin, href } = new URL(address);
  return href === `${origin}/` ? address : `${protocol}//${host}/${mark}`;
}

/** Text without the parts of an address that `redactAddress` leaves out: a server may answer with what it was asked. */
export function redactParts(text: string, address: string): string {
  const { username, password, pathname, searchParams } = new URL(address);
  const parts = [username, password, ...pathname.split("/"), ...searchParams.values()].flatMap((part) => [
    part,
    decoded(part),
  ]);
  return parts.filter(({ length }) => length >= 4).reduce((left, part) => left.replaceAll(part, mark), text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray percent sign
  }
}

export const isRedacted = (text: string): boolean => text.includes(mark);

/** Text without the user and password of addresses in it, and without query parameters that are named like a secret. */
export const redactCredentials = (text: string): string =>
  text
    .replace(/\b(https?:\/\/)[^\s/@"'?#]+@/gi, `$1${mark}@`)
    .replace(/([?&][\w-]*(?:key|token|secret|password|signature|auth)[\w-]*=)[^&\s"'#]+/gi, `$1${mark}`);

const absolutePath =
  /(?<![\w:/.…-])(?:file:\/\/)?(?:\/[^\s'"`:,;/]+){2,}\/?|\b[A-Za-z]:\\(?:[^\s'"`:,;\\]+\\)*[^\s'"`:,;\\]+/g;

/** Text with absolute paths cut to their last part, and those of this package to what is below it. */
export const redactPaths = (text: string): string =>
  text.replaceAll(packageRoot, "…").replace(absolutePath, (path) => `…/${path.split(/[\\/]/).filter(Boolean).at(-1)}`);

/** A JSON value with every string in it, and every key, passed through a function. */
export function mapStrings<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [change(key), mapStrings(member, change)]),
  ) as T;
}
