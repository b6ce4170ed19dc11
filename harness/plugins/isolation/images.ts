import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { extname, join } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { BenchError } from "../../contract/errors.js";

/**
 * Images as an isolated plug-in sees them: copies in its working directory, since those of the suite are hidden.
 * Whatever it sends back gets the suite's own paths again.
 */
export class StagedImages {
  private readonly originals = new Map<string, string>();
  private readonly directory: string;

  constructor(workspace: string) {
    this.directory = join(workspace, "images");
  }

  /** The same message with copies in the place of images. */
  staged = <T>(message: T): T => mapImages(message, (path) => this.copyOf(path));

  /** The same message with the images in the place of their copies. Throws PRIVILEGE_EXCEEDED for any other image. */
  original = <T>(message: T): T => mapImages(message, (path) => this.originalOf(path));

  /** A path of its own making would bring it any file the next time it is staged. */
  private originalOf(path: string): string {
    const original = this.originals.get(path);
    if (original !== undefined) return original;
    throw new BenchError("PRIVILEGE_EXCEEDED", "it stored an image that it was not given", {
      fix: "Store examples as they came in this process: from the view, or from the buffer.",
    });
  }

  private copyOf(path: string): string {
    const copy = join(this.directory, `${sha256(path).slice(0, 32)}${extname(path)}`);
    if (this.originals.has(copy)) return copy;
    mkdirSync(this.directory, { recursive: true });
    if (!existsSync(copy)) copyFileSync(path, copy);
    this.originals.set(copy, path);
    return copy;
  }
}

/** A copy of plain data with the path of every image part changed; the data itself where there is no image. */
function mapImages<T>(value: T, change: (path: string) => string): T {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    const mapped = value.map((item) => mapImages(item, change));
    return mapped.some((item, index) => item !== value[index]) ? (mapped as T) : value;
  }
  const { type, path } = value as { type?: unknown; path?: unknown };
  if (type === "image" && typeof path === "string") return { ...value, path: change(path) };
  const before = Object.entries(value);
  const after = before.map(([key, member]) => [key, mapImages(member, change)] as const);
  return after.some(([, member], index) => member !== before[index]![1]) ? (Object.fromEntries(after) as T) : value;
}
