import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Arm } from "../contract/rollout.js";

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** What a server counts, in Prometheus' format. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly requests = this.#counter("bench_requests_total", "Calls that were answered.", [
    ...["model", "version", "arm", "path", "status"],
  ]);
  readonly duration = new Histogram({
    ...{ name: "bench_request_seconds", help: "Time to the last byte of an answer.", buckets: seconds },
    ...{ labelNames: ["model", "version", "arm"], registers: [this.registry] },
  });
  readonly pending = this.#gauge("bench_requests_pending", "Calls that wait or are computed.", []);
  readonly refused = this.#counter("bench_refused_total", "Calls that no model was asked, by the reason.", ["reason"]);
  readonly promptTokens = this.#counter("bench_prompt_tokens_total", "Tokens of prompts, computed or kept before.", [
    ...["model", "version", "source"],
  ]);
  readonly feedback = this.#counter("bench_feedback_total", "Feedback, by metric, and whether it counted.", [
    ...["model", "metric", "outcome"],
  ]);
  readonly shadow = this.#counter("bench_shadow_total", "Calls that were mirrored, by how the answers compare.", [
    ...["model", "version", "outcome"],
  ]);
  readonly percent = this.#gauge("bench_rollout_percent", "Share of the requests that the candidate answers.", [
    "model",
  ]);
  readonly evidence = this.#gauge(
    "bench_rollout_evidence",
    "Wealth of the bet that the candidate is worse, or is not.",
    [...["model", "metric", "side"]],
  );
  readonly actions = this.#counter("bench_rollout_actions_total", "What was done about rollouts.", ["model", "action"]);

  readonly monitorScore = this.#gauge("bench_monitor_score", "Score of the champion on held-out items, 0 to 1.", [
    ...["model", "version", "subject"],
  ]);
  readonly monitorDrift = this.#gauge("bench_monitor_drift", "How unlike the first calls what is asked is.", [
    ...["model", "statistic"],
  ]);
  readonly monitorAlerts = this.#counter("bench_monitor_alerts_total", "Alerts on deployed versions.", [
    ...["model", "kind", "severity"],
  ]);
  readonly memory = new Gauge({
    ...{ name: "process_resident_memory_bytes", help: "Memory that the process takes.", registers: [this.registry] },
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  readonly processor = new Gauge({
    ...{ name: "process_cpu_seconds_total", help: "CPU time of all threads.", registers: [this.registry] },
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });

  /** Labels of a request. */
  static labels(model: string, version: number, arm: Arm | undefined): { model: string; version: string; arm: string } {
    return { model, version: `${version}`, arm: arm ?? "none" };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
