import { basename, join } from "node:path";
import type { Alert, AlertSettings } from "../../contract/alert.js";
import { toBenchError } from "../../contract/errors.js";
import type { JournalEvent } from "../../contract/result.js";
import { AlertDispatcher } from "../../run/alerts/alert-dispatcher.js";
import { alertText } from "../../run/alerts/text.js";
import { type AlertMessage, openWebhook } from "../../run/alerts/webhook.js";
import { Journal } from "../../run/store/journal.js";
import { lockRun } from "../../run/store/lock.js";
import { layout, readRun } from "../../run/store/store.js";
import type { EvaluatedCheckpoint } from "./evaluate-checkpoint.js";
import type { JudgedCheckpoint } from "./judge-checkpoint.js";

/** What of a checkpoint its alerts name. */
type Judged = Pick<EvaluatedCheckpoint, "checkpoint" | "directory" | "run">;

/** Takes the alerts of judged checkpoints to a webhook, if there is one, each until it was taken once. */
export class CheckpointAlerts {
  private readonly sending = new Set<AlertDispatcher>();
  private readonly said = new Set<string>();

  /**
   * @param notice says what did not arrive, each reason once.
   * @throws CONFIG_INVALID when the webhook's address is wrong.
   */
  constructor(
    private readonly settings: AlertSettings,
    private readonly notice: (text: string) => void,
    private readonly cancellation: AbortSignal,
  ) {
    if (settings.webhook !== undefined) openWebhook(settings.webhook);
  }

  /** Starts to deliver what the journal of the evaluation does not know as delivered; returns immediately. */
  send(judged: Judged, { against, alerts }: JudgedCheckpoint): void {
    if (this.settings.webhook === undefined || alerts.length === 0) return;
    const { directory, run } = judged;
    const { id } = run.cells[0]!;
    const { delivered } = readRun(directory).cells[id]!;
    const dispatcher = new AlertDispatcher(
      this.settings.webhook,
      (_cell, alert) => messageOf(judged, against, alert),
      (cell, alert, attempts) => this.record(directory, { type: "alert-delivered", cell, alert, attempts }),
      (text) => this.say(text),
      this.cancellation,
    );
    for (const alert of alerts) if (!delivered.includes(alert.id)) dispatcher.send(id, alert);
    this.sending.add(dispatcher);
    void dispatcher.settle().finally(() => this.sending.delete(dispatcher));
  }

  /** Waits until everything that was sent is delivered or given up. */
  async settle(): Promise<void> {
    await Promise.all([...this.sending].map((dispatcher) => dispatcher.settle()));
  }

  /** Adds the delivery to the journal of the evaluation, so that the alert is not sent again. */
  private record(directory: string, event: JournalEvent): void {
    try {
      const unlock = lockRun(directory);
      try {
        const journal = new Journal(join(directory, layout.journal));
        try {
          journal.append(event);
        } finally {
          journal.close();
        }
      } finally {
        unlock();
      }
    } catch (error) {
      this.say(`an alert that was delivered may be sent again: ${toBenchError(error).message}`);
    }
  }

  private say(text: string): void {
    if (!this.said.has(text)) this.notice(text);
    this.said.add(text);
  }
}

function messageOf({ checkpoint, directory, run }: Judged, against: string, alert: Alert): AlertMessage {
  const text = `bench ${alert.severity}: ${basename(checkpoint)}: ${alertText(alert, against)}`;
  const { id, suite, cells } = run;
  return { schema: "alert@1", text, run: { id, directory, suite: suite.name }, cell: cells[0]!, against, alert };
}
