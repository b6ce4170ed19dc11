import picocolors from "picocolors";
import { plural } from "../../contract/printable.js";
import type { SourceRecord } from "../../contract/result.js";
import { suiteLabel } from "../../contract/suite.js";
import { rangeText } from "../../run/display/text.js";
import { shareOf } from "../../run/plan/estimate.js";
import { gigabytes } from "../../run/plan/memory.js";
import type { RunPlan } from "../../run/plan/plan.js";
import { seedsText } from "../../run/plan/seeds.js";
import type { SettledCells } from "../../run/store/extension.js";
import { twoColumns } from "./columns.js";
import { nearPath } from "./near-path.js";

/** What a run will do and take, for `--dry-run`; settled cells are not computed. */
export function planLines(
  plan: RunPlan,
  terminal: { color: boolean; width: number },
  { finished, failed }: SettledCells = { finished: [], failed: [] },
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const { record, suite, config, cells } = plan;
  const settled = new Set([...finished, ...failed]);
  const left = cells.filter((cell) => !settled.has(cell.record.id));
  const estimate = { ...plan.estimate, ...shareOf(plan.estimate, left) };
  const rows: [string, string][] = [
    ["suite", `${suite.title} (${suiteLabel(suite)}${suite.generated ? ", generated data" : ""})`],
    ["tasks", (record.orders.length === 1 ? record.orders[0]!.tasks : suite.tasks.map(({ id }) => id)).join(" → ")],
    ...sourceRows(record.source),
    ["model", `${record.model.reference}, ${record.model.architecture}, ${count(record.model.parameters)} parameters`],
    ["trainers", record.trainers.map(({ label }) => label).join(", ")],
    ["orders", record.orders.map(({ name }) => name).join(", ")],
    ["seeds", seedsText(record.cells)],
    [
      "cells",
      `${cells.length} (trainers × orders × seeds) on ${plural(config.workers, "worker")}${config.on === undefined ? "" : ` of ${config.on}`}, device ${config.device}, engine ${plan.engine ?? "none"}`,
    ],
    ["directory", nearPath(plan.directory)],
    ...settledRows(finished.length, failed.length, left.length),
    ["time", `${rangeText(estimate)} on an idle machine, by ${basisText(plan)}`],
    ["device hours", deviceText(estimate, config)],
    ["memory", memoryText(plan)],
    ...[...(suite.notes ?? []), ...(record.model.notes ?? []), ...plan.notices].map((note): [string, string] => [
      "note",
      note,
    ]),
    ["disk", `about ${megabytes(estimate.bytes)}`],
  ];
  return [paint.bold("Plan; nothing was run."), ...twoColumns(rows, terminal.width)];
}

/** What is in the directory already, and which cells time and hours are of. */
function settledRows(finished: number, failed: number, left: number): [string, string][] {
  if (finished + failed === 0) return [];
  const all = finished + failed + left;
  const part = (count: number) => (count === all ? "all of them" : `${count} of ${all}`);
  const rows: [string, string][] = [];
  if (finished > 0) rows.push(["finished", part(finished)]);
  if (failed > 0) rows.push(["failed", `${part(failed)}; --retry-failed tries again`]);
  return [...rows, ["left", left === 0 ? "nothing" : `${left}; time and hours are of ${left === 1 ? "it" : "these"}`]];
}

/** Where the time is from; whom it is modeled for where that is not everyone. */
function basisText({ estimate: { basis, modeled }, record: { trainers } }: RunPlan): string {
  return modeled.length === 0 || modeled.length === trainers.length ? basis : `${basis} for ${modeled.join(", ")}`;
}

/** The time of all cells together, and its price where that is known. */
function deviceText(
  { deviceHours, money }: Pick<RunPlan["estimate"], "deviceHours" | "money">,
  { device, price }: RunPlan["config"],
): string {
  const hours = `${between(deviceHours)} on ${device}, summed over cells`;
  if (money === undefined) return hours;
  const unit = money.currency === undefined ? "" : ` ${money.currency}`;
  return `${hours}; ${between(money)}${unit} at ${price!.perHour}${unit} an hour of a device`;
}

/** Two figures with two digits each. */
function between({ low, high }: { low: number; high: number }): string {
  const [from, to] = [low, high].map((value) =>
    Number(value.toPrecision(2)).toLocaleString("en-US", { maximumSignificantDigits: 2 }),
  );
  return from === to ? from! : `${from}–${to}`;
}

/** What one cell and all at a time need, of what there is. */
function memoryText({ memory: { cells, total, available, workers, reason } }: RunPlan): string {
  const known = Object.values(cells).filter((need) => need !== null);
  const unknown = Object.keys(cells).filter((label) => cells[label] === null);
  const parts = [
    total === null ? [] : [`about ${gigabytes(total)} with ${plural(workers, "worker")}`],
    known.length === 0 ? [] : [`at most ${gigabytes(Math.max(...known))} a cell`],
    unknown.length === 0 ? [] : [`not known for ${unknown.join(", ")}`],
    available === null ? [] : [`this machine has ${gigabytes(available)}`],
    reason ?? [],
  ];
  return parts.flat().join("; ");
}

const sourceRows = (source: SourceRecord | undefined): [string, string][] =>
  source === undefined
    ? []
    : [["goes on from", `${source.trainer}, ${source.order}, seed ${source.seed} after ${source.learned.join(" → ")}`]];
/** With commas; by hand, since loading a locale takes as long as planning a small suite. */
const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
/** At least one. */
export const megabytes = (bytes: number): string => `${Math.max(1, Math.round(bytes / 1e6))} MB`;
