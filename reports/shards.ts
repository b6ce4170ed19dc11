import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const folder = "shards";

/**
 * Parts of a page that are looked at one by one. Each is a script that hands its content to the page: the one way to
 * load something that also works from file://. The first parts stand in the page itself, as long as there is room, so
 * that a small report is one file.
 */
export class Shards {
  /** What stands in the page: the text of a script. */
  readonly inPage: string[] = [];
  private readonly written = new Set<string>();

  /** @param room characters that may stand in the page. */
  constructor(
    private readonly directory: string,
    private room: number,
  ) {}

  /** Removes what an earlier report left. Returns the directory of the parts that stand beside the page, if there is one. */
  finish(): string | undefined {
    const place = join(this.directory, folder);
    const found = existsSync(place) ? readdirSync(place, { recursive: true, encoding: "utf8" }) : [];
    for (const name of found) {
      if (name.endsWith(".js") && !this.written.has(join(place, name))) rmSync(join(place, name));
    }
    return this.written.size === 0 ? undefined : place;
  }

  /** Puts a part into the page where there is room, else beside it. */
  add(key: string, content: unknown): void {
    const text = shardText(key, content);
    if (text.length > this.room) {
      this.write(key, text);
      return;
    }
    this.room -= text.length;
    this.inPage.push(text);
  }

  /** Puts a part beside the page. */
  addBeside(key: string, content: unknown): void {
    this.write(key, shardText(key, content));
  }

  // Not synced one by one: the page is written last, and the report can always be made again.
  private write(key: string, text: string): void {
    const path = join(this.directory, folder, `${key}.js`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    this.written.add(path);
  }
}

function shardText(key: string, content: unknown): string {
  return `bench.receive(${scriptLiteral(key)},${scriptLiteral(content)});\n`;
}

/** JSON that may stand in a script element. */
export function scriptLiteral(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
