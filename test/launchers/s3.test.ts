import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContentStore } from "../../harness/run/carry/content-store.js";
import { openStore } from "../../harness/run/carry/open-store.js";
import { newDirectory } from "../files.js";
import { configure, matricesOf, run } from "../harness/run/support.js";
import { freePort } from "../harness/serve/support.js";
import { hasPackages, python } from "../python.js";
import { elsewhere, trainers } from "./support.js";

const directory = newDirectory();
const bucket = "bench-tests";

describe.skipIf(!hasPackages("moto", "flask"))("a store in S3, as moto's server speaks it", () => {
  const before = { ...process.env };
  let server: ChildProcess;
  let port: number;

  /** The server keeps its buckets in memory: who starts it anew has none. */
  function start(): void {
    const code = `from moto.server import main; main(["-H", "127.0.0.1", "-p", "${port}"])`;
    server = spawn(python, ["-c", code], { stdio: "ignore" });
  }

  async function answers(): Promise<void> {
    const make = () => fetch(`http://127.0.0.1:${port}/${bucket}`, { method: "PUT" });
    while (!(await make().catch(() => undefined))?.ok) await pause(100);
  }

  beforeAll(async () => {
    port = await freePort();
    start();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    });
    await answers();
  });

  afterAll(() => {
    server.kill();
    for (const name of ["AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  test("objects are written, listed, replaced and removed", async () => {
    const store = await openStore(`s3://${bucket}/some/prefix/`);
    await store.create();
    expect(await store.read("runs/a")).toBeUndefined();
    expect(await store.has("runs/a")).toBe(false);
    await store.write("runs/a", "first");
    await store.write("runs/ab", "another");
    await store.write("runs/a/deeper", "deeper");
    const listed = await store.list("runs");
    expect([...listed.keys()].sort()).toEqual(["a", "ab"]);
    await store.write("runs/a", "second");
    expect((await store.list("runs")).get("a")).not.toBe(listed.get("a"));
    expect((await store.read("runs/a"))!.toString()).toBe("second");
    await store.remove("runs/a");
    expect([...(await store.list("runs")).keys()]).toEqual(["ab"]);
    expect(await store.has("runs/a/deeper")).toBe(false);
  });

  test("files go there and come back by their digests", async () => {
    const store = await openStore(`s3://${bucket}`);
    const contents = new ContentStore(store, "contents");
    const file = join(directory, "file");
    writeFileSync(file, "x".repeat(300_000));
    const digest = await contents.putFile(file);
    await contents.getFile(digest, join(directory, "back"));
    expect(readFileSync(join(directory, "back"))).toEqual(readFileSync(file));
    await store.write(`contents/${digest.slice(0, 2)}/${digest.slice(2)}`, "forged");
    await expect(contents.getFile(digest, join(directory, "forged"))).rejects.toMatchObject({ code: "DATA_INVALID" });
    expect(existsSync(join(directory, "forged"))).toBe(false);
  });

  test("cells elsewhere give the same bits through it", async () => {
    await run(configure(join(directory, "here"), { seeds: [1, 2] }, ...trainers));
    const out = join(directory, "elsewhere");
    const outcome = await elsewhere(out, { on: "processes", workers: 1, remote: { store: `s3://${bucket}/bench` } });
    expect(outcome).toMatchObject({ status: "done", done: 4 });
    expect(matricesOf(out)).toEqual(matricesOf(join(directory, "here")));
    expect((await (await openStore(`s3://${bucket}/bench`)).list("runs")).size).toBe(0);
  });
});

test.each(["s3://", "s3://UPPER/x", "ftp://host/x", "s3:/bucket", "relative/path"])(
  "%s is no store",
  async (address) => {
    const refused = { code: "CONFIG_INVALID", message: `"${address}" is no store` };
    await expect(openStore(address)).rejects.toMatchObject(refused);
    const out = join(directory, "refused");
    await expect(elsewhere(out, { on: "processes", remote: { store: address } })).rejects.toMatchObject(refused);
    expect(existsSync(out)).toBe(false); // by the plan
  },
);
