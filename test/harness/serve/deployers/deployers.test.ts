import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { packageRoot } from "../../../../harness/contract/files.js";
import { bench } from "../../cli/support.js";
import { serve, twoVersions } from "../support.js";

const key = "a key of thirty-two characters..";
const clientKey = "a key of somebody who asks models";
const home = mkdtempSync(join(tmpdir(), "deployers-"));
let address: string;
let close: () => Promise<void>;

const shipped = (file: string): string =>
  readFileSync(join(packageRoot, "harness", "serve", "deployers", file), "utf8");
const documents = <T>(file: string): T[] => parseAllDocuments(shipped(file)).map((each) => each.toJS() as T);

/** Validates by the schema of a custom resource; the API server would drop what it does not name, which is wrong here. */
function problemsBy(file: string, resource: unknown): unknown {
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8"));
  const close = (node: Record<string, unknown>): void => {
    if (node.properties !== undefined && node.additionalProperties === undefined) node.additionalProperties = false;
    for (const each of Object.values((node.properties ?? {}) as object)) close(each);
    if (node.items !== undefined) close(node.items as Record<string, unknown>);
  };
  schema.properties.metadata = { type: "object" };
  close(schema);
  const ajv = new Ajv({ strict: false, validateFormats: false });
  return ajv.validate(schema, resource) ? [] : ajv.errors;
}

async function rollout(reason: string): Promise<void> {
  const policy = join(home, "policy.yaml");
  writeFileSync(policy, "steps: [50]\nminimum: 5\nmetrics:\n  resolved: { margin: 0.3 }\n");
  expect(await bench(["rollout", "start", "support@2", "--policy", policy, "--reason", reason], home)).toMatchObject({
    code: 0,
  });
}

const post = (url: string, body: unknown, authorization?: string) =>
  fetch(url.replace("http://bench-serve:8080", address), {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify(body),
  });

async function observe(candidate: number, champion: number, pairs: number): Promise<void> {
  const observations = Array.from({ length: pairs }, () => [
    { arm: "candidate", metric: "resolved", value: candidate },
    { arm: "champion", metric: "resolved", value: champion },
  ]).flat();
  const answer = await post(
    "http://bench-serve:8080/v1/rollouts/support/observations",
    { observations },
    `Bearer ${key}`,
  );
  expect([answer.status, await answer.json()]).toEqual([200, { recorded: 2 * pairs }]);
}

beforeAll(async () => {
  const registry = await twoVersions(home);
  writeFileSync(join(home, "keys.txt"), `${clientKey}\n`);
  writeFileSync(join(home, "operators.txt"), `${key}\n`);
  const upstream = ["support@1=http://127.0.0.1:9/v1", "support@2=http://127.0.0.1:9/v1"];
  const serving = await serve(registry, ["support"], {
    ...{ upstream, keys: join(home, "keys.txt"), operatorKeys: join(home, "operators.txt") },
  });
  address = serving.address;
  close = () => serving.server.close();
});

afterAll(() => close());

describe("Argo Rollouts", () => {
  interface Metric {
    name: string;
    successCondition: string;
    failureCondition: string;
    provider: { web: { url: string; headers: { key: string; value: string }[]; jsonPath: string } };
  }
  const templates = documents<{ spec: { metrics: [Metric] } }>("argo-rollouts.yaml");

  it("the templates are what its custom resource allows", () => {
    expect(templates).toHaveLength(2);
    for (const template of templates) expect(problemsBy("argo-analysis-template.schema.json", template)).toEqual([]);
    const misspelled = structuredClone(templates[0]!);
    Object.assign(misspelled.spec.metrics[0], { failurelimit: 0 });
    expect(problemsBy("argo-analysis-template.schema.json", misspelled)).not.toEqual([]);
  });

  /** A measurement as the web provider makes it. */
  async function measure({ successCondition, failureCondition, provider: { web } }: Metric): Promise<string> {
    const filled = (text: string) =>
      text.replace("{{args.server}}", address).replace("{{args.model}}", "support").replace("{{args.key}}", key);
    const headers = Object.fromEntries(web.headers.map(({ key: name, value }) => [name, filled(value)]));
    const answer = await fetch(filled(web.url), { headers });
    if (!answer.ok) return "Error";
    const [, path] = /^\{\$\.(\w+)\}$/.exec(web.jsonPath)!;
    const result = ((await answer.json()) as Record<string, unknown>)[path!];
    const holds = (condition: string): boolean => {
      const [, operator, value] = /^result (==|!=) "(\w+)"$/.exec(condition)!;
      return (result === value) === (operator === "==");
    };
    if (holds(failureCondition)) return "Failed";
    return holds(successCondition) ? "Successful" : "Inconclusive";
  }
  const measured = () => Promise.all(templates.map(({ spec }) => measure(spec.metrics[0])));

  it("a candidate that is worse fails both analyses; one that is good enough passes both", async () => {
    expect(await measured()).toEqual(["Error", "Error"]); // there is no rollout yet
    await rollout("worse");
    expect(await measured()).toEqual(["Successful", "Inconclusive"]);
    await observe(0, 1, 40);
    expect(await measured()).toEqual(["Failed", "Failed"]);
    expect(await bench(["rollout", "advance", "support"], home)).toMatchObject({ code: 1 });
    expect(await measured()).toEqual(["Failed", "Failed"]);
    await rollout("as good");
    await observe(1, 1, 60);
    expect(await measured()).toEqual(["Successful", "Successful"]);
    expect(await bench(["rollout", "abort", "support", "--reason", "for the next test"], home)).toMatchObject({
      code: 0,
    });
    const late = await post(
      "http://bench-serve:8080/v1/rollouts/support/observations",
      { observations: [{}] },
      `Bearer ${key}`,
    );
    expect(late.status).toBe(409);
  });
});

describe("Flagger", () => {
  interface Webhook {
    type: string;
    url: string;
    metadata: { token: string };
  }
  const [canary] = documents<{ spec: { analysis: { webhooks: Webhook[] } } }>("flagger.yaml");

  it("the canary is what its custom resource allows", () => {
    expect(problemsBy("flagger-canary.schema.json", canary)).toEqual([]);
    const { url: _url, ...without } = canary!.spec.analysis.webhooks[0]!;
    const incomplete = {
      ...canary,
      spec: { ...canary!.spec, analysis: { ...canary!.spec.analysis, webhooks: [without] } },
    };
    expect(problemsBy("flagger-canary.schema.json", incomplete)).not.toEqual([]);
  });

  /** Calls the webhooks as Flagger does: without headers, the key in the metadata. */
  async function called(phase: string, types: readonly string[], token = key): Promise<Record<string, number>> {
    const asked = canary!.spec.analysis.webhooks.filter(({ type }) => types.includes(type));
    const payload = { name: "support", namespace: "prod", phase, checksum: "85d557f47b", metadata: { token } };
    const answers = asked.map(async ({ type, url }) => [type, (await post(url, payload)).status] as const);
    return Object.fromEntries(await Promise.all(answers));
  }
  const gates = ["rollout", "confirm-promotion", "rollback"];

  it("goes on, waits, goes back and promotes as the evidence says", async () => {
    await rollout("worse");
    expect(await called("Progressing", gates)).toEqual({ rollout: 200, "confirm-promotion": 412, rollback: 412 });
    expect(await called("Progressing", gates, "wrong")).toEqual({
      rollout: 401,
      "confirm-promotion": 401,
      rollback: 401,
    });
    expect(await called("Failed", ["post-rollout"], clientKey)).toEqual({ "post-rollout": 401 });
    await observe(0, 1, 40);
    expect(await called("Progressing", gates)).toEqual({ rollout: 412, "confirm-promotion": 412, rollback: 200 });
    expect(await called("Failed", ["post-rollout"])).toEqual({ "post-rollout": 200 });
    const { stdout } = await bench(["rollout", "status", "support", "--json"], home);
    const { phase, history } = JSON.parse(stdout).rollout;
    expect([phase, history.at(-1).reason]).toEqual(["aborted", "the deployer went back: prod/support"]);
    await rollout("as good");
    await observe(1, 1, 60);
    expect(await called("Progressing", gates)).toEqual({ rollout: 200, "confirm-promotion": 200, rollback: 412 });
    expect(await called("Succeeded", ["post-rollout"])).toEqual({ "post-rollout": 200 });
  });
});
