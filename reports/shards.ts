import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathInside } from "../harness/contract/files/foreign-path.js";

const folder = "shards";

/**
 * Parts of a page that are loaded on demand. Each is a script that passes its content to the page, because script
 * elements are the only way to load a file under file://. The first shards are embedded in the page up to a limit, so
 * that a small report is one file.
 */
export class Shards {
  /** Scripts embedded in the page. */
  readonly inline: string[] = [];
  private readonly written = new Set<string>();

  /** @param inlineLimit characters that may be embedded in the page. */
  constructor(
    private readonly directory: string,
    private inlineLimit: number,
  ) {}

  /** Removes files of an earlier report. Returns the folder of the shards, if any was written. */
  finish(): string | undefined {
    const path = join(this.directory, folder);
    const found = existsSync(path) ? readdirSync(path, { recursive: true, encoding: "utf8" }) : [];
    for (const name of found) {
      if (name.endsWith(".js") && !this.written.has(join(path, name))) rmSync(join(path, name));
    }
    return this.written.size === 0 ? undefined : path;
  }

  /** Embeds a shard in the page while the limit allows, else writes it to a file. Returns its number of characters. */
  add(key: string, content: unknown): number {
    const text = shardText(key, content);
    if (text.length > this.inlineLimit) {
      this.write(key, text);
    } else {
      this.inlineLimit -= text.length;
      this.inline.push(text);
    }
    return text.length;
  }

  /** Writes a shard to a file. */
  addFile(key: string, content: unknown): void {
    this.write(key, shardText(key, content));
  }

  // Not synced one by one: the page is written last, and the report can always be made again.
  private write(key: string, text: string): void {
    const path = pathInside(join(this.directory, folder), `${key}.js`);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true }); // a link there is not followed
    writeFileSync(path, text, { flag: "wx" });
    this.written.add(path);
  }
}

function shardText(key: string, content: unknown): string {
  return `bench.receive(${scriptLiteral(key)},${scriptLiteral(content)});\n`;
}

/** JSON that is safe inside a script element. */
export function scriptLiteral(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
