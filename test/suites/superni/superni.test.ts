import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { builtInMetrics as metrics } from "../../../harness/metrics/index.js";
import { superni } from "../../../suites/superni/index.js";
import { superniTasks } from "../../../suites/superni/tasks.js";
import { published as trace } from "../../../suites/trace/published.js";
import { useWorkspace } from "../folder/workspace.js";

const workspace = useWorkspace();

const load = (options = {}) =>
  superni.load({
    location: workspace.directory,
    options: checkOptions(superni.options, options, "superni"),
    quick: false,
  });

function writeTasks(ids: readonly string[]): void {
  const rows = [{ prompt: "Say it.\n\nInput: a\nOutput:", answer: "a long answer" }];
  for (const id of ids) for (const split of ["train", "eval", "test"]) workspace.write(`${id}/${split}.json`, rows);
}

test("five tasks in the paper's three orders, all scored by ROUGE-L", async () => {
  writeTasks(Object.keys(superniTasks));
  const suite = await load();
  expect(suite.tasks.map(({ id, scorer }) => [id, scorer.name])).toEqual(
    ["qa", "qg", "sa", "sum", "trans"].map((id) => [id, "rouge-l"]),
  );
  expect(suite.orders.map(({ tasks }) => tasks.join(" "))).toEqual([
    "qa qg sa sum trans",
    "trans sa qa sum qg",
    "sum qg trans qa sa",
  ]);
  expect((await load({ sequence: "ten" })).orders.map(({ tasks }) => tasks.length)).toEqual([10]);
});

test("published figures name metrics that exist, and SSR leads the rows that may not see all data", async () => {
  writeTasks(Object.keys(superniTasks));
  const suites = await Promise.all(["five", "ten"].map((sequence) => load({ sequence })));
  const known = metrics.map(({ key }) => key);
  for (const figures of [...suites.map(({ published }) => published!), trace]) {
    expect(known).toEqual(expect.arrayContaining(figures.metrics));
    for (const { values } of figures.rows) expect(figures.metrics).toEqual(expect.arrayContaining(Object.keys(values)));
  }
  const [five] = suites[0]!.published!.rows.filter(({ method }) => method === "SSR");
  expect(five!.values).toEqual({ op: 0.5216, bwt: -0.0079 });
});

test("a missing folder is reported by name", async () => {
  writeTasks(["qa", "qg", "sa", "sum"]);
  await expect(load()).rejects.toMatchObject({ code: "DATA_INVALID", message: "there is no folder of trans" });
});
