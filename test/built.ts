import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const rooms = ["harness", "launchers", "reports", "suites", "trainers"];
const sources = new RegExp(`^(?:(?:${rooms.join("|")})[/\\\\].+|[\\w-]+)\\.js$`);

/** The compiled module of a source that a test imports; undefined for an import of something else. */
export function builtOf(specifier: string, importer: string): string | undefined {
  const path = specifier.startsWith(".") ? relative(root, resolve(dirname(importer), specifier)) : "";
  return sources.test(path) ? join(root, "dist", path) : undefined;
}

/** Compiles sources, schemas and templates where one is newer than what was made of it. Throws where they do not compile. */
export function buildIfStale(): void {
  const below = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" }).map((path) => join(room, path)),
  );
  const built = [...readdirSync(root).filter((name) => name !== "vitest.config.ts"), ...below];
  if (!built.some((path) => /(?<!\.d)\.ts$|(?<!outputs)\.schema\.json$|\.hbs$/.test(path) && isStale(path))) return;
  const { status } = spawnSync("npm", ["run", "build"], { cwd: root, stdio: "inherit", shell: true });
  if (status !== 0) throw new Error("the sources do not compile");
}

function isStale(source: string): boolean {
  const compiled = source
    .replace(/\.ts$/, ".js")
    .replace(/\.schema\.json$/, ".cjs")
    .replace(/templates[/\\].+\.hbs$/, "templates.cjs");
  const made = statSync(join(root, "dist", compiled), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return statSync(join(root, source)).mtimeMs > made;
}
