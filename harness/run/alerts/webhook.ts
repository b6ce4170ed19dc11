import { createHmac } from "node:crypto";
import type { Alert, WebhookSettings } from "../../contract/alert.js";
import { BenchError, toBenchError } from "../../contract/errors.js";
import type { MonitorMessage } from "../../contract/monitor.js";
import { redactParts } from "../../contract/redact.js";
import type { CellRecord } from "../../contract/result.js";
import { sendRequest } from "../../http/request.js";
import type { RunPlan } from "../plan/plan.js";
import { alertText } from "./text.js";

/** What a webhook receives, as JSON. */
export interface AlertMessage {
  schema: "alert@1";
  /** Readable by itself; chat services show it. */
  text: string;
  run: { id: string; directory: string; suite: string };
  cell: CellRecord;
  /** The one that was learned before the alert; absent where an evaluated model is compared with another one. */
  task?: string;
  /** The model that an evaluated one is compared with. */
  against?: string;
  alert: Alert;
}

/** A webhook whose address and key are known. */
export interface Webhook {
  /** Delivers one alert. Throws ENDPOINT_FAILED when the last attempt failed. Returns how many it took. */
  deliver(message: AlertMessage | MonitorMessage, cancellation?: AbortSignal): Promise<number>;
}

/**
 * Opens a webhook: reads its environment variables.
 *
 * A message is sent as POST with `x-bench-delivery` (the alert's id: a receiver that has seen it may drop it),
 * `x-bench-timestamp` (seconds since 1970), and, where there is a key, `x-bench-signature`: `sha256=` and the
 * hexadecimal HMAC-SHA-256 of timestamp, a full stop, and the body.
 *
 * @throws CONFIG_INVALID when the address is absent or malformed.
 */
export function openWebhook(settings: WebhookSettings, environment: NodeJS.ProcessEnv = process.env): Webhook {
  const url = addressOf(settings.url, environment);
  const key = environment[settings.secretVariable];
  const policy = { timeoutSeconds: settings.timeoutSeconds, retries: settings.retries, waitSeconds: 0.5 };
  return {
    async deliver(message, cancellation) {
      const body = JSON.stringify(message);
      const timestamp = String(Math.floor(Date.now() / 1000));
      const headers: Record<string, string> = {
        "content-type": "application/json",
        "x-bench-delivery": message.alert.id,
        "x-bench-timestamp": timestamp,
      };
      if (key) headers["x-bench-signature"] = signatureOf(key, timestamp, body);
      const request = { method: "POST", headers, body } as const;
      try {
        return (await sendRequest(url, request, policy, () => undefined, cancellation)).attempts;
      } catch (error) {
        const { code, message, fix } = toBenchError(error);
        throw new BenchError(code, redactParts(message, url), { fix });
      }
    },
  };
}

/** `sha256=` and the hexadecimal HMAC-SHA-256 of `timestamp.body`. */
export function signatureOf(key: string, timestamp: string, body: string): string {
  return `sha256=${createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex")}`;
}

/** The message of an alert that a cell of a run raised. */
export function alertMessage({ directory, record: run, cells }: RunPlan, id: string, alert: Alert): AlertMessage {
  const { record: cell, order } = cells.find(({ record }) => record.id === id)!;
  const task = order[alert.row - 1]!;
  const text = `bench ${alert.severity}: ${cell.trainer}, ${cell.order}, seed ${cell.seed}, after ${task}: ${alertText(alert)}`;
  return { schema: "alert@1", text, run: { id: run.id, directory, suite: run.suite.name }, cell, task, alert };
}

function addressOf(url: string, environment: NodeJS.ProcessEnv): string {
  const variable = /^env:(.+)$/.exec(url)?.[1];
  const address = variable === undefined ? url : environment[variable];
  if (address !== undefined && URL.canParse(address) && /^https?:/.test(address)) return address;
  throw new BenchError(
    "CONFIG_INVALID",
    variable === undefined
      ? "the webhook's address is no http or https address"
      : `the environment variable ${variable} does not contain the address of a webhook`,
    { fix: "Write alerts.webhook.url as https://…, or as env:NAME and set that variable." },
  );
}
