import type { ReportData } from "../../report-data.js";
import { metricAnchor } from "../shared/format.js";

/** The definition of a metric. */
export interface GlossaryView {
  anchor: string;
  id: string;
  title: string;
  formula: string;
  source: string;
  direction: string;
}

export function glossaryViews({ metrics }: Pick<ReportData, "metrics">): GlossaryView[] {
  return metrics.map((metric) => ({
    anchor: metricAnchor(metric.id),
    id: metric.id,
    title: metric.title,
    formula: metric.formula,
    source: metric.source,
    direction: metric.higherIsBetter ? "higher is better" : "lower is better",
  }));
}
