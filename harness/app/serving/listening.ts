import { readFileSync } from "node:fs";
import { BenchError } from "../../contract/errors.js";

/**
 * Keys, one a line.
 *
 * @param source a file, or env:NAME.
 * @throws USAGE where there is none, or one is short; STORAGE.
 */
export function readKeys(source: string | undefined, flag: string): string[] {
  if (source === undefined) return [];
  const keys = textOf(source, flag)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (keys.length > 0 && keys.every(({ length }) => length >= 16)) return keys;
  throw new BenchError("USAGE", keys.length === 0 ? `${flag} has no key` : "a key has fewer than 16 characters", {
    fix: "Write a key a line, such as the output of: openssl rand -hex 24",
  });
}

/** What a flag refers to: the content of a file, or of a variable of the environment. */
export function textOf(source: string, flag: string): string {
  const name = /^env:(.+)$/.exec(source)?.[1];
  try {
    const text = name === undefined ? readFileSync(source, "utf8") : process.env[name];
    if (text !== undefined) return text;
  } catch (error) {
    throw new BenchError("STORAGE", `${flag}: ${(error as Error).message}`, { fix: "Check the path.", cause: error });
  }
  throw new BenchError("USAGE", `${flag}: the variable ${name} is not set`, { fix: `Set it: export ${name}=…` });
}

/** Lets a server listen; one that cannot is closed. Throws USAGE where the port is taken. */
export async function listening<Server extends Listener>(
  server: Server,
  host: string,
  port: number,
): Promise<{ address: string; server: Server }> {
  try {
    return { address: await server.listen(host, port), server };
  } catch (error) {
    await server.close();
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new BenchError("USAGE", `port ${port} of ${host} is taken`, {
      fix: "Give another one, such as --port 0 for a free one.",
    });
  }
}

interface Listener {
  listen(host: string, port: number): Promise<string>;
  close(): Promise<void>;
}
