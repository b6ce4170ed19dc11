import type { DeviceReport, EngineDefinition } from "../../contract/engine.js";
import { BenchError } from "../../contract/errors.js";
import { plural } from "../../contract/printable.js";

/** What a run asks for. */
export interface DeviceRequest {
  /** A name, several separated by commas, or `auto`: all GPUs, else the CPU. */
  device: string;
  devicesPerCell?: number;
  python?: string;
}

/** What the cells of a run compute on. */
export interface DevicePlan {
  /** Part of every cell's digest: the device; where there are several, the kind of those of one cell. */
  device: string;
  /** The devices that are computed on at a time, each that of one cell, or those of one cell separated by commas. */
  slots: string[];
}

/**
 * The first engine that has the devices here, and how cells share them.
 *
 * @param engines those that open the model.
 * @throws DEVICE_UNAVAILABLE; CAPABILITY_MISSING where no engine divides a model; CONFIG_INVALID where the devices do not
 *   divide into cells, or differ.
 */
export async function planDevices(
  { device, devicesPerCell = 1, python }: DeviceRequest,
  engines: readonly EngineDefinition[],
): Promise<{ engine: EngineDefinition | undefined; devices: DevicePlan }> {
  const able = engines.filter(({ dividesModels }) => devicesPerCell === 1 || dividesModels === true);
  if (able.length === 0 && engines.length > 0) {
    throw new BenchError("CAPABILITY_MISSING", "no engine that opens the model divides it between devices", {
      fix: "Leave --devices-per-cell out, or use --engine torch.",
    });
  }
  if (device === "cpu" || able.length === 0) {
    return { engine: able[0], devices: divided([device], [], devicesPerCell) };
  }
  const asked = device.split(",").map((name) => name.trim());
  const reports: DeviceReport[] = [];
  for (const engine of able) {
    const own = await engine.probe(python);
    const available = own.filter((report) => report.available);
    const names = device === "auto" ? available.map((report) => report.device).filter(isNumbered) : asked;
    const found = names.map((name) => available.find((report) => report.device === name));
    if (names.length > 0 && found.every((report) => report !== undefined)) {
      return { engine, devices: divided(names, found, devicesPerCell) };
    }
    reports.push(...own);
  }
  if (device === "auto") return { engine: able[0], devices: divided(["cpu"], [], devicesPerCell) };
  throw unavailable(asked, reports);
}

const isNumbered = (name: string): boolean => /:\d+$/.test(name);

/** Cells of so many devices each. A device without a number stands for as many as a cell takes. */
function divided(names: readonly string[], reports: readonly DeviceReport[], perCell: number): DevicePlan {
  const [first] = names as [string];
  if (names.length === 1 && !isNumbered(first)) {
    const slot = Array.from({ length: perCell }, () => first).join(",");
    return { device: slot, slots: [slot] };
  }
  const other = reports.find(({ detail }) => detail !== reports[0]!.detail);
  const wrong =
    new Set(names).size < names.length || !names.every(isNumbered)
      ? `${names.join(",")} does not name different devices by number`
      : names.length % perCell > 0
        ? `${plural(names.length, "device")} cannot be divided into cells of ${perCell}`
        : other !== undefined
          ? `${names[0]} and ${other.device} are not the same: ${reports[0]!.detail}, ${other.detail}`
          : undefined;
  if (wrong !== undefined) {
    throw new BenchError("CONFIG_INVALID", wrong, {
      fix: "Name devices of one kind, such as --device cuda:0,cuda:1, as many as a multiple of --devices-per-cell.",
    });
  }
  const slots = Array.from({ length: names.length / perCell }, (_, i) =>
    names.slice(i * perCell, (i + 1) * perCell).join(","),
  );
  if (names.length === 1) return { device: first, slots };
  const kind = first.split(":")[0]!;
  return { device: Array.from({ length: perCell }, () => kind).join(","), slots };
}

function unavailable(asked: readonly string[], reports: readonly DeviceReport[]): BenchError {
  const available = reports.filter((report) => report.available).map(({ device }) => device);
  const missing = asked.filter((name) => !available.includes(name));
  const why = reports.filter(({ device }) => missing.includes(device)).map(({ detail }) => detail);
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  const message =
    missing.length === 0
      ? `no engine has all of the devices ${quoted(asked)}`
      : `the device ${quoted(missing)} is not available${why.length > 0 ? `: ${why.join("; ")}` : ""}`;
  return new BenchError("DEVICE_UNAVAILABLE", message, {
    fix: `This machine has: ${[...new Set(["cpu", ...available])].join(", ")}. \`bench doctor\` says more.`,
  });
}
