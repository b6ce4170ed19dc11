import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addVersion } from "../../harness/app/registry/add-version.js";
import { collectGarbage, moveAlias, restoreAlias } from "../../harness/app/registry/aliases.js";
import { attachEvaluation, compareVersions, verifyVersions } from "../../harness/app/registry/evaluations.js";
import { startRollout } from "../../harness/app/rollout.js";
import { findVersion } from "../../harness/registry/model-registry.js";
import { openStore } from "../../harness/registry/open-store.js";
import { rooms } from "../../rooms.js";
import { embeddedModel, newDirectory } from "../files.js";
import { hasPackages, python } from "../python.js";
import { bench, words } from "./cli/support.js";
import { freePort } from "./serve/support.js";

test("what an address of MLflow cannot be, and what a server of it cannot do, is said", async () => {
  const options = { registry: "mlflow+http://127.0.0.1:9", by: "tester" };
  await expect(openStore("mlflow+http://[")).rejects.toMatchObject({ code: "USAGE" });
  await expect((await openStore(options.registry)).read()).rejects.toMatchObject({ code: "ENDPOINT_FAILED" });
  await expect(collectGarbage({ ...options, keep: 1 })).rejects.toMatchObject({ code: "CAPABILITY_MISSING" });
  await expect(moveAlias("m@1", "champion", { ...options, expect: 1 })).rejects.toMatchObject({
    code: "CAPABILITY_MISSING",
  });
  const policy = join(newDirectory(), "policy.yaml");
  writeFileSync(policy, "metrics: { a: { margin: 0.1 } }");
  await expect(startRollout("m@1", { ...options, policy })).rejects.toMatchObject({ code: "CAPABILITY_MISSING" });
});

test("a stored file that is longer or shorter than it should be is said with its length", async () => {
  const answers: Record<string, unknown> = {
    "/api/2.0/mlflow/experiments/get-by-name": { experiment: { experiment_id: "1" } },
    "/api/2.0/mlflow/runs/search": {
      runs: [{ info: { run_id: "r", artifact_uri: "mlflow-artifacts:/1/r/artifacts" } }],
    },
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url!.split("?")[0]!];
    response.end(answer === undefined ? "x".repeat(100) : JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const store = await openStore(`mlflow+http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const files = [10, 1000].map((bytes) => ({ path: `of ${bytes}`, bytes, sha256: "0".repeat(64) }));
    expect(await store.damageOf({ content: "0".repeat(64), files })).toEqual([
      "of 10 has more than 10 bytes",
      "of 1000 has 100 bytes instead of 1000",
    ]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

describe.runIf(hasPackages("mlflow"))("MLflow's own server", () => {
  let place: string;
  let options: { registry: string; by: string; reason?: string };
  let stop: () => Promise<unknown>;
  const call = async (method: string, path: string, body: object) => {
    const headers = { "content-type": "application/json" };
    const url = `${options.registry.replace("mlflow+", "")}/api/2.0/mlflow/${path}`;
    expect((await fetch(url, { method, headers, body: JSON.stringify(body) })).ok).toBe(true);
  };
  const model = async () => (await (await openStore(options.registry)).read()).models.support!;
  const add = (from: string, more = {}) => addVersion("support", from, { ...options, ...more }, { builtIns: rooms });

  beforeAll(async () => {
    place = newDirectory();
    const port = `${await freePort()}`;
    const words = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port, "--workers", "1"];
    const stores = ["--backend-store-uri", `sqlite:///${join(place, "mlflow.db")}`];
    const files = ["--artifacts-destination", join(place, "artifacts")];
    const server = spawn(python, [...words, ...stores, ...files], {
      ...{ cwd: place, stdio: "ignore", detached: true },
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" },
    });
    const ended = once(server, "close");
    stop = () => {
      process.kill(-server.pid!, "SIGKILL"); // its workers too
      return ended;
    };
    const address = `http://127.0.0.1:${port}`;
    while (!(await fetch(`${address}/version`).catch(() => undefined))?.ok) {
      if (server.exitCode !== null) throw new Error(`the server ended: ${server.exitCode}`);
      await setTimeout(200);
    }
    options = { registry: `mlflow+${address}/`, by: "tester" };
  });

  afterAll(() => stop());

  test("keeps versions with lineage, aliases and files; what others did there is seen", async () => {
    const second = join(place, "second");
    cpSync(embeddedModel, second, { recursive: true });
    writeFileSync(join(second, "README.md"), "second");
    expect(await add(embeddedModel, { reason: "week 12" })).toMatchObject({ known: false, path: "models:/support/1" });
    expect(await add(embeddedModel)).toMatchObject({ known: true, version: { version: 1 } });
    expect(await add(second, { parent: "support@1" })).toMatchObject({ version: { version: 2, parent: 1 } });
    expect((await model()).versions[0]).toMatchObject({ version: 1, by: "tester", reason: "week 12" });
    expect((await compareVersions(options, "support@1", "support@2")).files.changed).toEqual(["README.md"]);

    await moveAlias("support@1", "champion", options);
    expect(await moveAlias("support@2", "champion", options)).toMatchObject({ from: 1, to: 2 });
    expect(await restoreAlias("support", "champion", options)).toMatchObject({ from: 2, to: 1 });
    await call("POST", "registered-models/alias", { name: "support", alias: "champion", version: "2" });
    const state = await (await openStore(options.registry)).read();
    expect(findVersion(state, "support@champion").version.version).toBe(2);
    expect(state.models.support!.former).toEqual({}); // somebody else's move has no way back here

    // what a run measured of a version is attached to it, once, and refused for another model
    expect(await bench(["evaluate", embeddedModel, "words", "--plugin", words], place)).toMatchObject({ code: 0 });
    const run = join(place, "runs", readdirSync(join(place, "runs"))[0]!);
    const attach = async () => (await attachEvaluation("support@1", run, options)).evaluation;
    const evaluation = await attach();
    expect([evaluation, Object.keys(evaluation.tasks)]).toEqual([await attach(), ["colour", "size", "taste"]]);
    expect((await model()).evaluations).toEqual({ 1: [evaluation] });

    expect(await verifyVersions(options)).toMatchObject({ versions: [{ damage: [] }, { damage: [] }] });
    const [file] = readdirSync(join(place, "artifacts"), { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith("config.json"),
    );
    writeFileSync(join(place, "artifacts", file!), "{}");
    const damaged = (await verifyVersions(options)).versions.flatMap(({ damage }) => damage);
    expect(damaged).toEqual([expect.stringMatching(/^(?:generation_)?config\.json has 2 bytes instead of \d+$/)]);

    await call("POST", "model-versions/set-tag", { name: "support", version: "2", key: "bench.version", value: "[1]" });
    await expect(model()).rejects.toMatchObject({ code: "DATA_INVALID" });
    await call("DELETE", "model-versions/delete-tag", { name: "support", version: "2", key: "bench.version" });
    expect((await model()).versions.map(({ version }) => version)).toEqual([1]); // the other one is not ours now
    await call("DELETE", "model-versions/delete", { name: "support", version: "2" });
    expect(await add(second)).toMatchObject({ version: { version: 3 } }); // numbers are not given again
  });
});
