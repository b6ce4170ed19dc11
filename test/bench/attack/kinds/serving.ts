import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addVersion } from "../../../../harness/app/registry/add-version.js";
import { moveAlias } from "../../../../harness/app/registry/aliases.js";
import { startRollout } from "../../../../harness/app/rollout.js";
import type { RandomStream } from "../../../../harness/contract/random.js";
import { rooms } from "../../../../rooms.js";
import { embeddedModel } from "../../../files.js";
import { alteredModel, serve } from "../../../harness/serve/support.js";
import type { Kind, Outcome } from "../kind.js";
import { mutateBytes, mutateJson } from "../mutate.js";
import { changed, openServer } from "./servers.js";

const json = { "content-type": "application/json" };
const key = "a key of thirty-two characters..";
const authorization = { authorization: `Bearer ${key}` };
const prompt = "Question: 2 + 3\nAnswer:";

interface Call {
  path: string;
  body: object;
}

const questions: readonly Call[] = [
  {
    path: "/v1/chat/completions",
    body: {
      ...{ model: "m", messages: [{ role: "user", content: prompt }], max_tokens: 3, temperature: 0, seed: 1 },
      ...{ stop: ["\n"], stream: false, user: "u", top_p: 0.9 },
    },
  },
  { path: "/v1/completions", body: { model: "m@1", prompt: [prompt], max_tokens: 3, stream: true } },
  { path: "/v1/embeddings", body: { model: "m", input: ["a river"], encoding_format: "base64" } },
];

/** @param id of an answer that the rollout routed. */
const rolloutCalls = (id: string): Call[] => [
  { path: "/v1/feedback", body: { id, metric: "resolved", value: 1 } },
  {
    path: "/v1/rollouts/m/observations",
    body: { observations: [{ arm: "candidate", metric: "resolved", value: 0.5, request: "r" }] },
  },
  { path: "/v1/rollouts/m/gate", body: { name: "canary", metadata: { token: key } } },
  { path: "/v1/rollouts/m/outcome", body: { name: "canary", namespace: "n", phase: "Succeeded", metadata: {} } },
];

/** How a call ended: 500 is what nobody thought of. */
async function outcomeOfCall(what: string, address: string, init: RequestInit & { path: string }): Promise<Outcome> {
  let answer: Response;
  try {
    answer = await fetch(address + init.path, init);
  } catch (error) {
    if ((error as Error).message !== "fetch failed") return { ending: "refused", message: (error as Error).message };
    throw error; // the server is gone
  }
  const text = await answer.text();
  if (answer.status === 500 || text.includes("failed to answer")) {
    return { ending: "internal", detail: `${what}\n${answer.status} ${text}`.slice(0, 20_000) };
  }
  if (answer.ok) return { ending: "accepted" };
  return { ending: "refused", message: `${answer.status} ${text}`.slice(0, 200) };
}

/** A registry with two models, of which one has a champion and is served. */
async function openRegistry(place: string): Promise<string> {
  const registry = join(place, "registry");
  const options = { registry, by: "attack" };
  writeFileSync(join(place, "keys.txt"), `${key}\n`);
  for (const name of ["m", "other"]) await addVersion(name, embeddedModel, options, { builtIns: rooms });
  await moveAlias("m@1", "champion", options);
  return registry;
}

/** Adds a second version of the served model and starts its rollout. */
async function openRollout(place: string, registry: string): Promise<void> {
  const options = { registry, by: "attack" };
  const policy = join(place, "policy.yaml");
  writeFileSync(policy, "steps: [50]\nmetrics:\n  resolved: { margin: 0.1 }\n  failed: { margin: 0.1 }\n");
  await addVersion("m", alteredModel(place), options, { builtIns: rooms });
  await startRollout("m@2", { ...options, policy });
}

function changedCall(calls: readonly Call[], draw: RandomStream): RequestInit & { path: string } {
  const { path, body } = draw.pick(calls);
  const target = draw.integer(6) === 0 ? `/${mutateBytes(Buffer.from(path.slice(1)), draw).toString("latin1")}` : path;
  const sent =
    draw.integer(3) === 0
      ? mutateBytes(Buffer.from(JSON.stringify(body)), draw)
      : Buffer.from(JSON.stringify(mutateJson(body, draw)));
  const type = draw.integer(8) === 0 ? { "content-type": draw.pick(["text/plain", "application/xml", "x"]) } : json;
  const method = draw.integer(10) === 0 ? draw.pick(["PUT", "DELETE", "PATCH"]) : "POST";
  return { method, path: target, headers: { ...type, ...authorization }, body: new Uint8Array(sent) };
}

/** Calls of `bench serve` that were changed: none may end it, or be an error that it did not think of. */
export const calledServers: Kind = {
  name: "calls of serve",
  share: 6,
  async open(place) {
    const registry = await openRegistry(place);
    await openRollout(place, registry);
    const keys = join(place, "keys.txt");
    const { address } = await serve(registry, ["m"], { keys, operatorKeys: keys, timeout: 10 });
    const headers = { ...json, ...authorization };
    const [{ path: asked, body: question }] = questions as [Call];
    const answer = await fetch(address + asked, { method: "POST", headers, body: JSON.stringify(question) });
    await answer.text();
    const calls = [...questions, ...rolloutCalls(answer.headers.get("x-request-id")!)];
    for (const { path, body } of calls) {
      const { ending, detail, message } = await outcomeOfCall(path, address, {
        ...{ path, method: "POST", headers, body: JSON.stringify(body) },
      });
      if (ending !== "accepted") throw new Error(`the unchanged call is ${ending}: ${detail ?? message}`);
    }
    return async (draw) => {
      const call = changedCall(calls, draw);
      return outcomeOfCall(`${call.method} ${call.path} ${Buffer.from(call.body as Uint8Array)}`, address, call);
    };
  },
};

/** A server behind `bench serve` whose replies are changed. */
export const upstreams: Kind = {
  name: "behind serve",
  share: 3,
  async open(place) {
    const registry = await openRegistry(place);
    const choices = [{ index: 0, message: { role: "assistant", content: "5" }, finish_reason: "stop" }];
    const reply = { id: "x", object: "chat.completion", created: 0, model: "m", choices };
    const event = `data: ${JSON.stringify({ ...reply, choices: [{ index: 0, delta: { content: "5" } }] })}\n\n`;
    let streams = false;
    const { state, root } = await openServer(async () => ({
      status: 200,
      headers: { "content-type": streams ? "text/event-stream" : "application/json" },
      body: Buffer.from(streams ? `${event}data: [DONE]\n\n` : JSON.stringify(reply)),
    }));
    const { address } = await serve(registry, ["m"], {
      ...{ keys: join(place, "keys.txt"), upstream: [`m@1=${root}/v1`], timeout: 2 },
    });
    const attempt = (draw?: RandomStream): Promise<Outcome> => {
      state.disturb = (_, given) => (draw === undefined ? given : changed(given, draw));
      streams = draw !== undefined && draw.integer(2) === 0;
      const body = JSON.stringify({ ...questions[0]!.body, stream: streams });
      return outcomeOfCall("a server behind with another answer", address, {
        ...{ path: questions[0]!.path, method: "POST", headers: { ...json, ...authorization }, body },
      });
    };
    if ((await attempt()).ending !== "accepted") throw new Error("the unchanged server behind is refused");
    return attempt;
  },
};
