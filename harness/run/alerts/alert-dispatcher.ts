import type { Alert, WebhookSettings } from "../../contract/alert.js";
import { toBenchError } from "../../contract/errors.js";
import type { RunPlan } from "../plan/plan.js";
import type { CellState } from "../store/cell-state.js";
import { type AlertMessage, alertMessage, openWebhook, type Webhook } from "./webhook.js";

type Delivered = (cell: string, alert: string, attempts: number) => void;
type Failed = (reason: string) => void;

/** Takes alerts to a webhook, if there is one, concurrently with what raises them. */
export class AlertDispatcher {
  private readonly webhook: Webhook | undefined;
  private readonly underWay = new Set<Promise<void>>();

  /**
   * @param messageOf what is sent of an alert of a cell, by the cell's id.
   * @param delivered called once the webhook took an alert.
   * @param failed called with the reason when it did not; the alert stays undelivered and is sent by the next run.
   * @throws CONFIG_INVALID when the webhook's address is wrong.
   */
  constructor(
    settings: WebhookSettings | undefined,
    private readonly messageOf: (cell: string, alert: Alert) => AlertMessage,
    private readonly delivered: Delivered,
    private readonly failed: Failed,
    private readonly cancellation?: AbortSignal,
  ) {
    this.webhook = settings && openWebhook(settings);
  }

  /** Starts to deliver an alert; returns immediately. */
  send(cell: string, alert: Alert): void {
    if (this.webhook === undefined) return;
    const delivery = this.deliver(this.webhook, cell, alert).finally(() => this.underWay.delete(delivery));
    this.underWay.add(delivery);
  }

  /** Sends what an earlier session of this run could not deliver. */
  sendAgain(states: Record<string, CellState>): void {
    for (const [cell, { alerts, delivered }] of Object.entries(states)) {
      for (const alert of alerts) if (!delivered.includes(alert.id)) this.send(cell, alert);
    }
  }

  /** Waits until every alert that was sent is delivered or given up. */
  async settle(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private async deliver(webhook: Webhook, cell: string, alert: Alert): Promise<void> {
    try {
      this.delivered(cell, alert.id, await webhook.deliver(this.messageOf(cell, alert), this.cancellation));
    } catch (error) {
      this.failed(`an alert did not reach the webhook: ${toBenchError(error).message}`);
    }
  }
}

/** For the alerts of a run; see the constructor. */
export const dispatcherOf = (plan: RunPlan, delivered: Delivered, failed: Failed, cancellation?: AbortSignal) =>
  new AlertDispatcher(
    plan.config.alerts?.webhook,
    (cell, alert) => alertMessage(plan, cell, alert),
    delivered,
    failed,
    cancellation,
  );
