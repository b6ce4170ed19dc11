import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Whether ssh-keygen is installed; tests without it are skipped, and that is said. */
export function hasSshKeygen(): boolean {
  const found = spawnSync("ssh-keygen", ["-?"]).error === undefined;
  if (!found) console.log("skipped: tests of signatures, since ssh-keygen is not installed.");
  return found;
}

/** Makes a key pair without a passphrase: the private key at the path, the public one at the path with `.pub`. */
export function makeKey(path: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
}

/** The line of a file of allowed signers by which a person may sign with a key. */
export function allowedSigner(person: string, keyPath: string): string {
  const [type, key] = readFileSync(`${keyPath}.pub`, "utf8").split(" ");
  return `${person} ${type} ${key}\n`;
}
