import type { Alert } from "../../contract/alert.js";
import { toBenchError } from "../../contract/errors.js";
import type { PlannedCell } from "../plan/cells.js";
import type { RunPlan } from "../plan/plan.js";
import type { CellState } from "../store/cell-state.js";
import { alertMessage, openWebhook, type Webhook } from "./webhook.js";

/** Takes alerts to the webhook of a run, if it has one, concurrently with the run. */
export class AlertDispatcher {
  private readonly webhook: Webhook | undefined;
  private readonly underWay = new Set<Promise<void>>();

  /**
   * @param delivered called once the webhook took an alert.
   * @param failed called with the reason when it did not; the alert stays undelivered and is sent by the next run.
   * @throws CONFIG_INVALID when the webhook's address is wrong.
   */
  constructor(
    private readonly plan: RunPlan,
    private readonly delivered: (cell: string, alert: string, attempts: number) => void,
    private readonly failed: (reason: string) => void,
    private readonly cancellation?: AbortSignal,
  ) {
    const settings = plan.config.alerts?.webhook;
    this.webhook = settings && openWebhook(settings);
  }

  /** Starts to deliver an alert; returns immediately. */
  send(cell: string, alert: Alert): void {
    const planned = this.plan.cells.find(({ record }) => record.id === cell)!;
    if (this.webhook === undefined) return;
    const delivery = this.deliver(this.webhook, planned, alert).finally(() => this.underWay.delete(delivery));
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

  private async deliver(webhook: Webhook, { record, order }: PlannedCell, alert: Alert): Promise<void> {
    const { directory, record: run } = this.plan;
    try {
      const message = alertMessage({ id: run.id, directory, suite: run.suite.name }, record, order, alert);
      this.delivered(record.id, alert.id, await webhook.deliver(message, this.cancellation));
    } catch (error) {
      this.failed(`an alert did not reach the webhook: ${toBenchError(error).message}`);
    }
  }
}
