import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { sha256 } from "../../contract/digest.js";
import { BenchError } from "../../contract/errors.js";
import { readRegularFile } from "../../contract/files/read-file.js";
import { writeFileAtomically } from "../../contract/files.js";
import { publishedPaths } from "../../run/store/published-run.js";

/** Of signatures of leaderboards: one that was made for something else does not count (`ssh-keygen -Y`, option -n). */
const namespace = "leaderboard@trace-bench";

/** Names of the files of a signed leaderboard, as `sha256sum -c` and `ssh-keygen -Y verify` take them. */
const [sums, signature] = ["SHA256SUMS", "SHA256SUMS.sig"];

/**
 * Signs files of a leaderboard with an SSH key: their digests are in `SHA256SUMS`, and its signature is in `SHA256SUMS.sig`.
 *
 * @param key path of a private key, or of a public one whose private one an agent has. A passphrase is asked for on the terminal.
 * @returns the paths of the two files.
 * @throws SIGNATURE_INVALID where it cannot be signed, such as without ssh-keygen.
 */
export function signBoard(out: string, files: readonly string[], key: string): string[] {
  const lines = files.map((path) => `${sha256(readFileSync(path))}  ${relative(out, path).split(sep).join("/")}\n`);
  const text = lines.sort().join("");
  const { status, stdout, stderr } = sshKeygen(["sign", "-f", key, "-n", namespace], text);
  if (status !== 0) {
    throw invalid(
      `${key} does not sign: ${stderr}`,
      key,
      "Give a private SSH key, or a public one that ssh-agent knows.",
    );
  }
  writeFileAtomically(join(out, sums), text);
  writeFileAtomically(join(out, signature), stdout);
  return [join(out, sums), join(out, signature)];
}

/** Removes a signature of what was in the directory before. */
export function unsignBoard(out: string): void {
  for (const name of [sums, signature]) rmSync(join(out, name), { force: true });
}

/**
 * Checks that a leaderboard's runs are what one of some people signed.
 *
 * @param signers a file of theirs with their keys, as `ssh-keygen` reads it (ALLOWED SIGNERS): `name@example.org ssh-ed25519 AAAA…`.
 * @returns who signed.
 * @throws SIGNATURE_INVALID where it is not signed, by someone else, or a run is not what was signed.
 */
export function verifyBoard(directory: string, signers: string): string {
  const [list, sign] = [join(directory, sums), join(directory, signature)];
  const ask = "Ask whoever made it to sign it: bench leaderboard <runs…> --sign <key>.";
  if (!existsSync(signers)) throw invalid(`there is no file ${signers}`, signers, "Give the file of allowed signers.");
  if (!existsSync(list) || !existsSync(sign)) throw invalid("the leaderboard is not signed", directory, ask);
  const text = readRegularFile(list).toString("utf8");
  const copy = mkdtempSync(join(tmpdir(), "bench-signature-"));
  try {
    const file = join(copy, signature); // ssh-keygen would wait for a pipe that is called so
    writeFileSync(file, readRegularFile(sign));
    const found = sshKeygen(["find-principals", "-s", file, "-f", signers], text);
    const [signer = ""] = found.stdout.split("\n");
    if (found.status !== 0 || signer === "") {
      throw invalid("nobody in the file of allowed signers signed this leaderboard", sign, ask);
    }
    const { status, stderr } = sshKeygen(["verify", "-f", signers, "-I", signer, "-n", namespace, "-s", file], text);
    if (status !== 0) throw invalid(`the signature is not valid: ${stderr}`, sign, ask);
    requireSigned(directory, text, ask);
    return signer;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Of a leaderboard the runs are read: everything else is made of them again. */
function requireSigned(directory: string, text: string, fix: string): void {
  const known = new Map(text.split("\n").map((line) => [line.slice(66), line.slice(0, 64)]));
  for (const path of publishedPaths(directory)) {
    const file = join(directory, path);
    if (known.get(path) !== sha256(readRegularFile(file))) throw invalid("this is not what was signed", file, fix);
  }
}

/** Runs `ssh-keygen -Y` with a text as its input; it asks for a passphrase on the terminal itself. */
function sshKeygen(words: readonly string[], input: string): { status: number | null; stdout: string; stderr: string } {
  const { error, status, stdout, stderr } = spawnSync("ssh-keygen", ["-Y", ...words], { input, encoding: "utf8" });
  // One that does not read its input may end before it was written, which is an error here and no fault of it.
  if (status !== null) return { status, stdout, stderr: stderr.trim() };
  throw new BenchError("SIGNATURE_INVALID", `ssh-keygen cannot be run: ${error?.message ?? "it was ended"}`, {
    fix: "Install OpenSSH 8.2 or newer (Debian and Ubuntu: apt-get install openssh-client).",
    cause: error,
  });
}

const invalid = (message: string, file: string, fix: string): BenchError =>
  new BenchError("SIGNATURE_INVALID", message, { fix, at: { file } });
