import { plural } from "../../../harness/contract/printable.js";
import { suiteLabel } from "../../../harness/contract/suite.js";
import { seedsPerOrder } from "../../../harness/metrics/statistics/clusters.js";
import type { ReportData } from "../../report-data.js";
import { count, duration, modelName, moment } from "../shared/format.js";

/** Title and key facts of a run. */
export interface HeaderView {
  suite: string;
  title: string;
  generated: boolean;
  quick: boolean;
  facts: { name: string; value: string; note?: string }[];
}

export function headerView({ run, cells, wallSeconds }: ReportData): HeaderView {
  const { suite, model, orders, trainers } = run;
  const done = cells.filter(({ status }) => status === "done").length;
  const facts = [
    {
      name: "Suite",
      value: suiteLabel(suite),
      note: `${plural(suite.tasks.length, "task")} in sequence`,
    },
    {
      name: "Model",
      value: `${modelName(model.reference)}, ${count(model.parameters)} parameters`,
      note: model.architecture,
    },
    {
      name: "Grid",
      value: `${plural(trainers.length, "trainer")} × ${plural(orders.length, "order")} × ${plural(seedsPerOrder(run.cells), "seed")}`,
      note:
        done === cells.length
          ? cells.length === 1
            ? "1 cell, done"
            : `all ${cells.length} cells done`
          : `${done} of ${cells.length} cells done`,
    },
    {
      name: "Date",
      value: moment(run.createdAt),
      ...(wallSeconds === null ? {} : { note: `took ${duration(wallSeconds)}` }),
    },
    ...(run.source === undefined
      ? []
      : [
          {
            name: "Continued from",
            value: `${run.source.trainer} after ${plural(run.source.learned.length, "task")}`,
            note: run.source.run,
          },
        ]),
    { name: "Run", value: run.id },
  ];
  return {
    suite: suiteLabel(suite),
    title: suite.title,
    generated: suite.generated,
    quick: run.quick,
    facts,
  };
}
