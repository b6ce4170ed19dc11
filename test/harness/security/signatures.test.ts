import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { mergeLeaderboard } from "../../../harness/app/leaderboard/merge-leaderboard.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { publishedText } from "../../../harness/run/store/published-run.js";
import { readRun } from "../../../harness/run/store/store.js";
import { rooms } from "../../../rooms.js";
import { newDirectory } from "../../files.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { allowedSigner, hasSshKeygen, makeKey } from "../../ssh-keys.js";

const directory = newDirectory();
const at = (...names: string[]) => join(directory, ...names);

describe.skipIf(!hasSshKeygen())("signed leaderboards", async () => {
  const registry = await loadRegistry(rooms);
  const notices: string[] = [];
  const merge = (from: string, options: { sign?: string; signers?: string; out?: string } = {}) =>
    mergeLeaderboard([from], { out: at("out"), notice: (text) => notices.push(text), ...options }, registry);
  const verified = (board: string) => merge(at(board), { signers: at("allowed_signers") });

  beforeAll(async () => {
    for (const name of ["alice", "mallory"]) makeKey(at(name));
    writeFileSync(at("allowed_signers"), allowedSigner("alice@example.org", at("alice")));
    writeFixtureRun(at("run"), { orders: 2, seeds: 1, only: ["ewc"] });
    await merge(at("run"), { sign: at("alice"), out: at("board") });
  });

  test("are accepted, by bench and by the usual tools", async () => {
    const { board } = await verified("board");
    expect(board.leaderboard).toHaveLength(1);
    expect(notices).toContain(`${at("board")} is signed by alice@example.org`);
    const options = ["-f", at("allowed_signers"), "-I", "alice@example.org", "-n", "leaderboard@trace-bench"];
    const input = readFileSync(at("board", "SHA256SUMS"));
    const words = ["-Y", "verify", ...options, "-s", at("board", "SHA256SUMS.sig")];
    expect(execFileSync("ssh-keygen", words, { input, encoding: "utf8" })).toContain("Good");
    const listed = input
      .toString("utf8")
      .split("\n")
      .map((line) => line.slice(66));
    expect(listed).toEqual(expect.arrayContaining(["index.html", "leaderboard.csv", "leaderboard.json"]));
  });

  test("are refused where another signed, or the signature is of something else", async () => {
    await merge(at("run"), { sign: at("mallory"), out: at("theirs") });
    await expect(verified("theirs")).rejects.toMatchObject({
      code: "SIGNATURE_INVALID",
      message: expect.stringMatching(/nobody/),
    });
    await merge(at("run"), { sign: at("alice"), out: at("other") });
    const input = readFileSync(at("other", "SHA256SUMS"));
    const signature = execFileSync("ssh-keygen", ["-Y", "sign", "-f", at("alice"), "-n", "file"], { input });
    writeFileSync(at("other", "SHA256SUMS.sig"), signature);
    await expect(verified("other")).rejects.toMatchObject({
      code: "SIGNATURE_INVALID",
      message: expect.stringMatching(/not valid/),
    });
    writeFileSync(at("other", "SHA256SUMS.sig"), "nonsense");
    await expect(verified("other")).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
  });

  test("are refused where a run was changed, digest and all, or added", async () => {
    await merge(at("run"), { sign: at("alice"), out: at("changed") });
    const [name] = readdirSync(at("changed", "runs"));
    const stored = readRun(at("run"));
    const text = publishedText({ ...stored, run: { ...stored.run, command: "another" } });
    for (const file of [name!, "added.json"]) {
      const before = existsSync(at("changed", "runs", file)) ? readFileSync(at("changed", "runs", file)) : undefined;
      writeFileSync(at("changed", "runs", file), text);
      await expect(merge(at("changed"))).resolves.toBeDefined(); // it is intact, by itself
      await expect(verified("changed")).rejects.toMatchObject({
        code: "SIGNATURE_INVALID",
        at: { file: at("changed", "runs", file) },
      });
      if (before === undefined) rmSync(at("changed", "runs", file));
      else writeFileSync(at("changed", "runs", file), before);
    }
    await verified("changed");
  });

  test("are no longer signed once they are made again without a key", async () => {
    await merge(at("run"), { sign: at("alice"), out: at("again") });
    await merge(at("run"), { out: at("again") });
    await expect(verified("again")).rejects.toMatchObject({
      code: "SIGNATURE_INVALID",
      message: expect.stringMatching(/not signed/),
    });
  });

  test("need ssh-keygen, a key and a file of signers", async () => {
    const problem = (options: object) => merge(at("board"), options).catch(({ code, fix }) => `${code}: ${fix}`);
    expect(await problem({ sign: at("nobody") })).toContain("SIGNATURE_INVALID: Give a private SSH key");
    expect(await problem({ signers: at("nobody") })).toContain("SIGNATURE_INVALID: Give the file of allowed signers");
    vi.stubEnv("PATH", directory);
    expect(await problem({ sign: at("alice") })).toContain("SIGNATURE_INVALID: Install OpenSSH");
    vi.unstubAllEnvs();
  });
});
