import { suiteLabel } from "../../harness/contract/suite.js";
import { seedsPerOrder } from "../../harness/metrics/clusters.js";
import type { ReportData } from "../report-data.js";
import { count, duration, moment, plural } from "./format.js";

/** What was run, and the question that it answers. */
export interface HeaderView {
  suite: string;
  title: string;
  generated: boolean;
  quick: boolean;
  question: string;
  facts: { name: string; value: string; note?: string }[];
}

export function headerView({ run, cells, wallSeconds }: ReportData): HeaderView {
  const { suite, model, orders, trainers } = run;
  const done = cells.filter(({ status }) => status === "done").length;
  const facts = [
    {
      name: "Model",
      value: `${modelName(model.reference)}, ${count(model.parameters)} parameters`,
      note: model.architecture,
    },
    {
      name: "Grid",
      value: `${plural(trainers.length, "trainer")} × ${plural(orders.length, "order")} × ${plural(seedsPerOrder(run.cells), "seed")}`,
      note: done === cells.length ? `all ${cells.length} cells done` : `${done} of ${cells.length} cells done`,
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
            name: "Goes on from",
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
    question: questionOf(suite.tasks.length),
    facts,
  };
}

const words = [
  "No tasks",
  "One task",
  "Two tasks",
  "Three tasks",
  "Four tasks",
  "Five tasks",
  "Six tasks",
  "Seven tasks",
  "Eight tasks",
  "Nine tasks",
  "Ten tasks",
  "Eleven tasks",
  "Twelve tasks",
];

function questionOf(tasks: number): string {
  const many = words[tasks] ?? `${tasks} tasks`;
  return tasks < 2 ? `${many}: what was learned?` : `${many}, one after another: what is left at the end?`;
}

/** The last two parts of a path, or owner and name of a Hub reference. */
export function modelName(reference: string): string {
  return reference.split(/[\\/]/).filter(Boolean).slice(-2).join("/");
}
