import { afterEach, expect, it } from "vitest";
import { parseAddress } from "../../../trainers/endpoint/address.js";
import { EndpointClient } from "../../../trainers/endpoint/client.js";
import { openEndpoint } from "../../../trainers/endpoint/open.js";
import { MisbehavingServer } from "../../harness/misbehaving-server.js";

let server: MisbehavingServer | undefined;
afterEach(() => server?.stop());

interface Completion {
  model?: string;
  choices: { index: number; finish_reason: string | null; message: Record<string, unknown> }[];
  usage?: { completion_tokens: number };
}

type Body = Record<string, unknown> & { messages: { content: string }[] };

const plain = (content: unknown, finish = "stop"): Completion => ({
  model: "small",
  choices: [{ index: 0, finish_reason: finish, message: { content } }],
  usage: { completion_tokens: 3 },
});

/** A client of a server that answers each question by `answer`; a string with a status before it is a refusal. */
async function clientOf(
  answer: (question: string, body: Body) => Completion | { status: number; error: string },
  settings = "",
  list: string[] | null = ["small", "other"],
) {
  server = new MisbehavingServer([], ({ path, body }, response) => {
    if (path.endsWith("/models")) {
      return list === null
        ? response.writeHead(404).end("Not Found")
        : response.end(JSON.stringify({ data: list.map((id) => ({ id })) }));
    }
    const asked = JSON.parse(body) as Body;
    const completion = answer(asked.messages[0]!.content, asked);
    if ("error" in completion) return response.writeHead(completion.status).end(completion.error);
    return response.end(JSON.stringify(completion));
  });
  const reference = `${await server.start()}/v1?api=chat&retries=1${settings}#small`;
  const client = new EndpointClient(parseAddress(reference), {});
  const ask = (...prompts: string[]) => client.complete("small", prompts, { maxNewTokens: 9 });
  return { client, reference, ask };
}

it("takes the answers of an alias by its dated name, and says which name that is", async () => {
  const { ask } = await clientOf(() => ({ ...plain("Rome"), model: "small-2026-01-31" }));
  expect(await ask("q")).toEqual([{ text: "Rome", tokens: 3, finishReason: "end", answeredBy: "small-2026-01-31" }]);
  const makers = await clientOf(() => ({ ...plain("Rome"), model: "maker/small" }));
  expect(await makers.ask("q")).toMatchObject([{ text: "Rome", answeredBy: "maker/small" }]);
});

it("refuses another model, unless its name is declared", async () => {
  const large = () => ({ ...plain("Rome"), model: "smaller" });
  await expect((await clientOf(large)).ask("q")).rejects.toMatchObject({
    code: "ENDPOINT_FAILED",
    message: expect.stringContaining('"smaller", not "small"'),
    fix: expect.stringContaining("answered-by"),
  });
  expect(await (await clientOf(large, "&answered-by=smaller")).ask("q")).toMatchObject([{ text: "Rome" }]);
});

it("marks an answer without text, and one that a filter withheld, as empty; the others are as they were", async () => {
  const { ask } = await clientOf((question) => {
    if (question === "cut") {
      const { choices, ...rest } = plain(null, "length");
      return { ...rest, choices: [{ ...choices[0]!, message: { content: null, reasoning_content: "five and" } }] };
    }
    return question === "filtered" ? plain(null, "content_filter") : plain(question.toUpperCase());
  });
  expect(await ask("a", "cut", "filtered", "b")).toEqual([
    { text: "A", tokens: 3, finishReason: "end" },
    { text: "", tokens: 3, finishReason: "length", reasoning: "five and" },
    { text: "", tokens: 3, finishReason: "filtered" },
    { text: "B", tokens: 3, finishReason: "end" },
  ]);
});

it("marks an answer that stays unreadable as failed, and goes on", async () => {
  const { ask } = await clientOf((question) => (question === "odd" ? { ...plain(""), choices: [] } : plain("A")));
  expect(await ask("odd", "a")).toEqual([
    { text: "", tokens: null, finishReason: "failed" },
    { text: "A", tokens: 3, finishReason: "end" },
  ]);
});

it("takes answers without usage: what is not counted is null", async () => {
  const { ask } = await clientOf(() => ({ ...plain("A"), usage: undefined }));
  expect(await ask("q")).toEqual([{ text: "A", tokens: null, finishReason: "end" }]);
});

it("names the limit as the server wants it, once it was refused", async () => {
  const refused: Body[] = [];
  const { ask } = await clientOf((_, body) => {
    if (!("max_tokens" in body)) return plain(String(body.max_completion_tokens));
    refused.push(body);
    return { status: 400, error: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." };
  });
  expect(await ask("q", "r")).toMatchObject([{ text: "9" }, { text: "9" }]);
  const first = refused.length;
  expect(await ask("q", "r")).toMatchObject([{ text: "9" }, { text: "9" }]);
  expect(refused).toHaveLength(first);
});

it("does not sample behind the user's back: a server that takes no temperature is an error that says how", async () => {
  const answer = (_: string, body: Body) =>
    "temperature" in body ? { status: 400, error: "Unsupported value: 'temperature' does not support 0" } : plain("A");
  await expect((await clientOf(answer)).ask("q")).rejects.toMatchObject({
    code: "ENDPOINT_FAILED",
    fix: expect.stringContaining("?temperature=default"),
  });
  const { ask, reference } = await clientOf(answer, "&temperature=default");
  expect(await ask("q")).toMatchObject([{ text: "A" }]);
  const sampled = await openEndpoint(reference);
  expect((await openEndpoint(reference.replace("&temperature=default", ""))).digest).not.toBe(sampled.digest);
});

it("needs no list of models where the model is named", async () => {
  const { client, reference } = await clientOf(() => plain("A"), "", null);
  expect(await client.findModel()).toBe("small");
  await expect(openEndpoint(reference.replace("#small", ""))).rejects.toMatchObject({
    code: "MODEL_INVALID",
    fix: expect.stringContaining("--served-model"),
  });
});
