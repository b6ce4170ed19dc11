import { setTimeout } from "node:timers/promises";

/** What became of the requests of a client. */
export interface Seen {
  /** Answers that are whole and by the version that they say. */
  answered: number;
  /** Errors of HTTP with a body that says what is wrong. */
  refused: number;
  /** Connections that broke off or were not accepted: the client knows that it has no answer. */
  broken: number;
  /** Of feedback that was acknowledged as recorded: the ids of its requests. */
  recorded: string[];
  /** What must not be, a line each. */
  wrong: string[];
}

/** A server under test, and what an answer of a version must be there. */
export interface Target {
  address: string;
  expected(version: string): string;
}

/** Twice the time within which a server answers, if only that it took too long. */
const longest = 120_000;

/** Milliseconds between two requests of a client. */
const pause = 20;

/** Asks the targets in turn, at once or as a stream, scores each answer, and checks all that comes back, until it is ended. */
export async function ask(targets: readonly Target[], name: number, seen: Seen, signal: AbortSignal): Promise<void> {
  for (let turn = name; !signal.aborted; turn++) {
    const target = targets[turn % targets.length]!;
    try {
      await askOnce(target, `user-${name}-${turn}`, turn % 3 === 0, seen);
    } catch (error) {
      if ((error as Error).name === "TimeoutError") seen.wrong.push(`no answer within ${longest} ms`);
      else if (error instanceof TypeError || (error as NodeJS.ErrnoException).code === "ECONNRESET") seen.broken += 1;
      else seen.wrong.push(`${(error as Error).stack}`);
    }
    await setTimeout(pause);
  }
}

async function askOnce({ address, expected }: Target, user: string, stream: boolean, seen: Seen): Promise<void> {
  const messages = [{ role: "user", content: "Question: What is the capital of France?\nAnswer:" }];
  const body = { model: "support", messages, max_tokens: 8, temperature: 0, user, stream };
  const answer = await post(`${address}/v1/chat/completions`, body);
  const text = await answer.text();
  if (!answer.ok) return refused(answer.status, text, seen);
  const [version, id] = ["x-bench-version", "x-request-id"].map((header) => answer.headers.get(header));
  const content = stream ? streamed(text) : JSON.parse(text).choices[0].message.content;
  if (content === undefined) {
    if (!text.includes('"error"')) seen.wrong.push(`a stream ended without its end: ${text}`);
    else seen.refused += 1;
    return;
  }
  if (content !== expected(version!)) seen.wrong.push(`${version} answered ${JSON.stringify(content)}`);
  seen.answered += 1;
  const value = version === "support@3" ? 0 : 1;
  const feedback = await post(`${address}/v1/feedback`, { id, metric: "resolved", value });
  const said = await feedback.text();
  if (!feedback.ok) return refused(feedback.status, said, seen);
  if (JSON.parse(said).recorded === true) seen.recorded.push(id!);
}

const post = (url: string, body: object): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(longest),
  });

function refused(status: number, text: string, seen: Seen): void {
  seen.refused += 1;
  try {
    const { error } = JSON.parse(text) as { error: { message: string } };
    if (typeof error.message === "string" && [429, 502, 503, 504].includes(status)) return;
  } catch {
    // said below
  }
  seen.wrong.push(`${status}: ${text}`);
}

/** The text of a stream; undefined where it did not come to its end. */
function streamed(text: string): string | undefined {
  const events = text.split("\n\n").filter((event) => event !== "");
  if (events.pop() !== "data: [DONE]") return undefined;
  const deltas = events.map((event) => JSON.parse(event.replace("data: ", "")).choices?.[0]?.delta?.content ?? "");
  return deltas.join("");
}
