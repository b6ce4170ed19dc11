/** What an answer may take. Connecting has its own limit of ten seconds, in Node. */
export interface AnswerLimits {
  /** Of the body, decompressed. */
  bytes: number;
  /** Until its headers have come. */
  firstByteSeconds: number;
  /** Between two pieces of its body. */
  silenceSeconds: number;
  /** From the connection to the last byte. */
  wholeSeconds: number;
}

/** A server answered too much, or too slowly. */
export class AnswerLimitError extends Error {
  constructor(
    message: string,
    /** Whether the same request may go better. */
    readonly again: boolean,
  ) {
    super(message);
  }
}

/**
 * `fetch` under limits: of the answer's headers before it resolves, and of its body as it is read.
 *
 * @throws AnswerLimitError, here or where the body is read; what `fetch` throws.
 */
export async function boundedFetch(
  url: string | URL,
  init: RequestInit,
  { bytes, firstByteSeconds, silenceSeconds, wholeSeconds }: AnswerLimits,
): Promise<Response> {
  const controller = new AbortController();
  const within = (seconds: number) =>
    setTimeout(
      () => controller.abort(new AnswerLimitError(`no ${what} within ${seconds} s`, true)),
      1000 * seconds,
    ).unref();
  let what = "answer";
  const whole = within(wholeSeconds);
  let pending = within(firstByteSeconds);
  const signal = init.signal ? AbortSignal.any([init.signal, controller.signal]) : controller.signal;
  const settle = (): void => {
    clearTimeout(whole);
    clearTimeout(pending);
  };
  /** What broke off a request: the limit, where it was one. */
  const reasonOf = (error: unknown): unknown => (controller.signal.aborted ? controller.signal.reason : error);
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal });
  } catch (error) {
    settle();
    throw reasonOf(error);
  }
  clearTimeout(pending);
  const reader = answer.body?.getReader();
  if (reader === undefined) {
    settle();
    return answer;
  }
  let received = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        what = "further byte";
        pending = within(silenceSeconds);
        try {
          const { done, value } = await reader.read();
          clearTimeout(pending);
          received += value?.length ?? 0;
          if (received > bytes) throw new AnswerLimitError(`an answer of more than ${bytes} bytes`, false);
          if (!done) return stream.enqueue(value);
          settle();
          stream.close();
        } catch (error) {
          settle();
          controller.abort(error);
          throw reasonOf(error);
        }
      },
      async cancel(reason) {
        settle();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = answer;
  const bounded = new Response(body, { status, statusText, headers });
  return Object.defineProperty(bounded, "url", { value: answer.url });
}

/** Retry-After in seconds (RFC 9110, 10.2.3): a number, or a date. */
export function retryAfterSeconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
