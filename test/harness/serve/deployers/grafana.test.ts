import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { packageRoot } from "../../../../harness/contract/files.js";
import { ServerMetrics } from "../../../../harness/serve/metrics.js";

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string }[];
}

const file = join(packageRoot, "harness", "serve", "deployers", "grafana-dashboard.json");
const dashboard = JSON.parse(readFileSync(file, "utf8")) as { panels: Panel[] };
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

/** Series that a server exposes, each with its labels; those that Prometheus adds are not among them. */
async function series(): Promise<Map<string, readonly string[]>> {
  const exposed = new Map<string, readonly string[]>();
  const { registry } = new ServerMetrics();
  for (const metric of registry.getMetricsAsArray() as unknown as {
    name: string;
    type: string;
    labelNames?: string[];
  }[]) {
    const labels = metric.labelNames ?? [];
    if (`${metric.type}` !== "histogram") exposed.set(metric.name, labels);
    else for (const part of ["bucket", "sum", "count"]) exposed.set(`${metric.name}_${part}`, [...labels, "le"]);
  }
  return exposed;
}

/** Texts of the nodes of that name in a query of PromQL. */
function nodes(query: string, name: string): string[] {
  const found: string[] = [];
  parser.parse(query).iterate({
    enter(node) {
      if (node.name === name) found.push(query.slice(node.from, node.to));
    },
  });
  return found;
}

/** What Grafana puts in the place of its variables. */
const filled = (query: string): string =>
  query.replaceAll(/\$__(rate_interval|range)/g, "5m").replaceAll("$model", ".*");

it("every query is PromQL, over metrics and labels that the server has", async () => {
  const exposed = await series();
  expect(exposed.size).toBeGreaterThan(10);
  expect(nodes("sum by (", "⚠")).not.toEqual([]);
  expect(targets.length).toBeGreaterThan(12);
  for (const { expr, legendFormat } of targets) {
    const query = filled(expr);
    expect(nodes(query, "⚠"), query).toEqual([]);
    const metrics = nodes(query, "Identifier").filter((name) => !["by", "without"].includes(name));
    expect(metrics, query).not.toEqual([]);
    for (const metric of metrics) {
      expect([...exposed.keys()], query).toContain(metric);
      const labels = [
        ...nodes(query, "LabelName"),
        ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!),
      ];
      for (const label of labels)
        expect([...exposed.get(metric)!, "instance"], `${label} in ${query}`).toContain(label);
    }
  }
});

it("has the shape that Grafana imports, and panels that do not overlap", () => {
  const position = {
    type: "object",
    required: ["x", "y", "w", "h"],
    properties: {
      x: { minimum: 0, maximum: 23 },
      y: { minimum: 0 },
      w: { minimum: 1, maximum: 24 },
      h: { minimum: 1 },
    },
  };
  const datasource = {
    type: "object",
    required: ["type", "uid"],
    properties: { uid: { pattern: "^\\$\\{datasource\\}$" } },
  };
  const target = { required: ["refId", "expr", "datasource"], properties: { datasource } };
  const panel = {
    required: ["id", "type", "title", "gridPos"],
    properties: { type: { enum: ["row", "timeseries", "stat"] }, gridPos: position, targets: { items: target } },
  };
  const schema = {
    type: "object",
    required: ["title", "uid", "schemaVersion", "panels", "templating", "time"],
    properties: {
      schemaVersion: { minimum: 36 },
      uid: { pattern: "^[a-z-]{1,40}$" },
      panels: { type: "array", items: panel },
    },
  };
  const ajv = new Ajv({ strict: false });
  expect(ajv.validate(schema, dashboard) ? [] : ajv.errors).toEqual([]);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const taken = new Set<string>();
  for (const { gridPos, title } of dashboard.panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(x, title).toBeLessThan(24);
        expect(taken.has(`${x} ${y}`), title).toBe(false);
        taken.add(`${x} ${y}`);
      }
    }
  }
});
